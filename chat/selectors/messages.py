"""What was said, in pages: the history of a channel, and what somebody has missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from django.conf import settings
from django.db.models import Q

from accounts.models import User
from chat import rules
from chat.models import Channel, Message
from chat.selectors.access import Access, readable_ranges
from chat.selectors.memberships import channel_intervals, membership_intervals
from chat.wire.schema.events import EVENTS, MESSAGE
from delivery import log
from delivery.log import Entry, Replay

NOTE_KINDS = tuple(kind.name for kind in EVENTS.values() if kind.is_history_note)
"""Kinds of events that history returns as system notes."""
REPLAY_PAGE_SIZE = 200
SYNC_PAGE_SIZE = 50
MESSAGE_OVERHEAD_BYTES = 400
"""Bytes of a message on the wire besides its text, about."""
MAX_NOTES_PER_PAGE = 200
"""System notes that one page of history brings at most."""


@dataclass(frozen=True, slots=True)
class History:
    messages: list[Message]
    notes: list[Entry]
    has_more: bool


def history(user: User, access: Access, *, before: int | None, after: int | None, limit: int) -> History:
    """A page of messages, ascending, with the system notes that stand among them."""
    ranges = readable_ranges(user, access)
    readable = Q(pk__in=())
    for first, last in ranges:
        readable |= Q(seq__gte=first) if last is None else Q(seq__gte=first, seq__lte=last)
    found = Message.objects.filter(readable, channel=access.channel).select_related("sender", "recalled_by")
    # A note belongs to the page with the message that it follows, so that pages side by side bring it once.
    if after is not None:
        rows = list(found.filter(seq__gt=after).order_by("seq")[: limit + 1])
        page = rows[: _count_fitting(rows[:limit])]
        more = len(page) < len(rows)
        low = _position_before(access.channel, after + 1)
        high = page[-1].position if more else None
    else:
        older = found if before is None else found.filter(seq__lt=before)
        rows = list(older.order_by("-seq")[: limit + 1])
        page = rows[: _count_fitting(rows[:limit])][::-1]
        more = len(page) < len(rows)
        low = page[0].position if more else 0
        high = None if before is None else _position_at(access.channel, before)
    notes = log.read_channel(access.channel.pk, NOTE_KINDS, low, high, MAX_NOTES_PER_PAGE)
    if ranges is not rules.EVERYTHING:
        membership_intervals = channel_intervals(user.pk, access.channel.pk)
        notes = [note for note in notes if log.may_see(membership_intervals, note.position, None)]
    return History(page, notes, more)


def _count_fitting(rows: Sequence[Message]) -> int:
    """How many of the rows make a page that fits a connection's outbox; at least one."""
    size = 0
    for index, row in enumerate(rows):
        size += len(orjson.dumps(row.text)) + MESSAGE_OVERHEAD_BYTES
        if index and size > page_bytes():
            return index
    return len(rows)


def page_bytes() -> int:
    """Bytes of a page: a part of what may wait for one connection, so that a page never closes it."""
    return int(settings.IM_OUTBOX_BYTES) // 4


def _position_before(channel: Channel, seq: int) -> int:
    found = Message.objects.filter(channel=channel, seq__lt=seq).order_by("-seq").values_list("position", flat=True)
    return found.first() or 0


def _position_at(channel: Channel, seq: int) -> int | None:
    found = Message.objects.filter(channel=channel, seq__gte=seq).order_by("seq").values_list("position", flat=True)
    return found.first()


def sync(user: User, *, after: int, upto: int, limit: int) -> Replay:
    """What concerns the person after a position: channels by their stays, and what is addressed to them."""
    return log.replay(
        user.pk,
        membership_intervals(user.pk),
        after=after,
        upto=upto,
        page=REPLAY_PAGE_SIZE,
        size=page_bytes(),
        limit=limit,
    )


def messages_after(user: User, *, after: int, upto: int) -> tuple[list[Entry], bool]:
    """The messages of the person's present channels after a position, oldest first, and whether there are more.

    Each from the person's joining on, nothing from between two stays; a page never skips one.
    """
    spans = membership_intervals(user.pk)
    present = {span.channel for span in spans if span.until_position is None}
    return log.read_stays(
        [span for span in spans if span.channel in present],
        MESSAGE.name,
        after=after,
        upto=upto,
        page=SYNC_PAGE_SIZE,
        size=page_bytes(),
    )
