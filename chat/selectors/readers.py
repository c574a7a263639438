"""The members who have read a message, from their read positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from accounts.selectors.contacts import read_receipts_visible_to
from chat.models import Channel, Message, ReadMark, ThreadFollower
from chat.selectors.memberships import current_members, has_more_members, users_by_ids


@dataclass(frozen=True, slots=True)
class Readers:
    """A page of the members who have read a message and share that: `count` of all of them, and whether more follow."""

    users: Sequence[User]
    count: int
    has_more: bool


def message_readers(message: Message, channel: Channel, *, after: int, limit: int) -> Readers | None:
    """Return the readers of the sender's own message with ids above `after`, by id, without the sender.

    None in an app's channel, and in a group with more members than IM_READERS_MAX_MEMBERS. Users with a block between
    them and the sender are left out, and members who have joined later: their read positions began after it.
    """
    if channel.kind == Channel.Kind.GLOBAL or has_more_members(channel, settings.IM_READERS_MAX_MEMBERS):
        return None
    memberships = current_members(channel).filter(from_seq__lte=message.seq).exclude(user=message.sender_id)
    members = list(memberships.values_list("user", flat=True))
    if message.thread_only:
        followers = ThreadFollower.objects.filter(thread=message.thread, read_seq__gte=message.seq, user__in=members)
        reading = list(followers.values_list("user", flat=True))
    else:
        marks = ReadMark.objects.filter(channel=channel, seq__gte=message.seq, user__in=members)
        reading = list(marks.values_list("user", flat=True))
    shown = sorted(read_receipts_visible_to(message.sender_id, reading))
    page = [user_id for user_id in shown if user_id > after][: limit + 1]
    known = users_by_ids(page[:limit])
    return Readers([known[user_id] for user_id in page[:limit]], len(shown), len(page) > limit)
