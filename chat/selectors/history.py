"""Pages of a channel's history: its messages with their details, and the system notes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from chat.models import Channel, Message
from chat.selectors.access import Access, reads_everything
from chat.selectors.memberships import channel_intervals
from chat.selectors.message_details import MessageDetails, with_details
from chat.selectors.messages import count_fitting_messages
from chat.selectors.readable import readable_in
from chat.wire.schema.events import EVENTS
from delivery import log
from delivery.db.replica import read_fresh
from delivery.log import Entry, MembershipInterval
from delivery.replay import can_see

NOTE_KINDS = tuple(kind.name for kind in EVENTS.values() if kind.is_history_note)
"""Kinds of events that history returns as notes."""
MAX_NOTES_PER_PAGE = 200
"""System notes in one page of history."""


@dataclass(frozen=True, slots=True)
class History:
    """Messages in ascending order, their details in the same order, and the notes between them."""

    messages: list[Message]
    details: list[MessageDetails]
    notes: list[Entry]
    has_more: bool


def history(user: User, access: Access, *, before: int | None, after: int | None, limit: int) -> History:
    """Return a page: the newest messages, or those beyond `before` or `after`, which are numbers.

    The primary says what the user may read; the page may come from the replica.
    """
    readable = readable_in(user, access).select_related("sender", "recalled_by")
    intervals = None if reads_everything(access) else channel_intervals(user.pk, access.channel.pk)

    return read_fresh(
        lambda: _read_page(user, access.channel, readable, intervals, before=before, after=after, limit=limit)
    )


def _read_page(
    user: User,
    channel: Channel,
    readable: QuerySet[Message],
    intervals: Sequence[MembershipInterval] | None,
    *,
    before: int | None,
    after: int | None,
    limit: int,
) -> History:
    # A note belongs to the page of the message before it, so that adjacent pages never both return it.
    if after is not None:
        rows = list(readable.filter(seq__gt=after).order_by("seq")[: limit + 1])
        page = rows[: count_fitting_messages(rows[:limit])]
        more = len(page) < len(rows)
        low = _position_before(channel, after + 1)
        high = page[-1].position if more else None
    else:
        older = readable if before is None else readable.filter(seq__lt=before)
        rows = list(older.order_by("-seq")[: limit + 1])
        page = rows[: count_fitting_messages(rows[:limit])][::-1]
        more = len(page) < len(rows)
        low = page[0].position if more else 0
        high = None if before is None else _position_at(channel, before)
    # Imported messages have the position of the event before them, which may be a note.
    end = None if high is None else high + 1
    notes = log.read_channel(channel.pk, NOTE_KINDS, low, end, MAX_NOTES_PER_PAGE)
    if intervals is not None:
        notes = [note for note in notes if can_see(intervals, note.position, None)]
    return History(page, with_details(page, user), notes, more)


def _position_before(channel: Channel, seq: int) -> int:
    found = Message.objects.filter(channel=channel, seq__lt=seq).order_by("-seq").values_list("position", flat=True)
    return found.first() or 0


def _position_at(channel: Channel, seq: int) -> int | None:
    found = Message.objects.filter(channel=channel, seq__gte=seq).order_by("seq").values_list("position", flat=True)
    return found.first()
