"""Delivery and read status of a message."""

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
"""Readers named in a status; a global channel may have many more."""


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """`delivered`: number of connections that received it.

    `persons`: the users it was addressed to, with their counts.
    """

    delivered: int
    persons: list[tuple[User, DeliveryCount]]
    read_by: list[User]


def newly_delivered_positions(user: User, channel: Channel, messages: Sequence[Message]) -> list[int]:
    """Return positions of the messages with a receipt that this user receives now for the first time.

    Only for private channels, because receipts of other channels are not counted by user.
    """
    positions = [message.position for message in messages if message.sender_id != user.pk]
    if channel.kind != Channel.Kind.PRIVATE or not positions:
        return []
    return receipts.uncounted_positions(positions, user.pk)


def message_status(message: Message, *, viewer: User) -> MessageStatus:
    counts = receipts.delivery_counts(message.position)
    marks = ReadMark.objects.filter(channel=message.channel_id, seq__gte=message.seq).exclude(user=message.sender_id)
    reading = list(marks.order_by("user").values_list("user", flat=True)[:MAX_READERS])
    shown = read_receipts_visible_to(viewer.pk, reading) - {viewer.pk} if reading else set()
    known = users_by_ids({count.user_id for count in counts if count.user_id} | shown)
    return MessageStatus(
        delivered=sum(count.connections for count in counts),
        persons=[(known[count.user_id], count) for count in counts if count.user_id in known],
        read_by=[known[user_id] for user_id in sorted(shown) if user_id in known],
    )
