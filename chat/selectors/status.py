"""What became of a message: where it arrived, and who has read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.selectors.contacts import read_receipts_visible_to
from chat.models import Channel, Message, ReadMark
from chat.selectors import users_by_ids
from delivery.hub import receipts
from delivery.hub.receipts import DeliveryCount

MAX_READERS = 1000
"""Who has read it, at most: in an app's room they may be many."""


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """`delivered`: connections in all. `users_by_ids`: those to whom it was addressed one by one, by time."""

    delivered: int
    persons: list[tuple[User, DeliveryCount]]
    read_by: list[User]


def newly_delivered_positions(user: User, channel: Channel, messages: Sequence[Message]) -> list[int]:
    """Positions of those of the messages whose senders ask for it and learn only now that the person has got them.

    Of channels of two people: in others persons are not told apart.
    """
    positions = [message.position for message in messages if message.sender_id != user.pk]
    if channel.kind != Channel.Kind.PRIVATE or not positions:
        return []
    return receipts.uncounted(positions, user.pk)


def message_status(message: Message, *, viewer: User) -> MessageStatus:
    tallies = receipts.tallies(message.position)
    marks = ReadMark.objects.filter(channel=message.channel_id, seq__gte=message.seq).exclude(user=message.sender_id)
    reading = list(marks.order_by("user").values_list("user", flat=True)[:MAX_READERS])
    shown = read_receipts_visible_to(viewer.pk, reading) - {viewer.pk} if reading else set()
    known = users_by_ids({tally.person for tally in tallies if tally.person} | shown)
    return MessageStatus(
        delivered=sum(tally.connections for tally in tallies),
        persons=[(known[tally.person], tally) for tally in tallies if tally.person in known],
        read_by=[known[person] for person in sorted(shown) if person in known],
    )
