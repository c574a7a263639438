"""Pages of the events and messages that a client has missed."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from django.conf import settings

from accounts.models import User
from chat.models import Message
from chat.selectors.inline_media import load_inline_media
from chat.selectors.memberships import intervals_by_user, membership_intervals
from chat.wire.schema.events import MESSAGE
from delivery.log import Entry, MembershipInterval
from delivery.replay import Replay, ReplayRange, read_intervals, replay, replay_together

REPLAY_PAGE_SIZE = 200
SYNC_PAGE_SIZE = 50
MESSAGE_OVERHEAD_BYTES = 400
"""Approximate bytes of a message on the wire besides its text, attachments, mentions, previews and origin."""


def count_fitting_messages(rows: Sequence[Message]) -> int:
    """Return how many of the rows fit into one page; at least one."""
    size = 0
    for index, row in enumerate(rows):
        content = (row.text, row.attachments, row.mentions, row.previews, row.forwarded)
        size += len(orjson.dumps(content)) + MESSAGE_OVERHEAD_BYTES
        if index and size > page_bytes():
            return index
    return len(rows)


def page_bytes() -> int:
    """Return the size of a page in bytes: a quarter of the outbox limit, so that a page never closes its connection."""
    return int(settings.IM_OUTBOX_MAX_BYTES) // 4


def sync(user: User, *, after: int, upto: int, limit: int) -> Replay:
    """Return a page of the user's events in (`after`, `upto`]: of their memberships, and addressed to them."""
    return replay(
        user.pk,
        membership_intervals(user.pk),
        after=after,
        upto=upto,
        page_size=REPLAY_PAGE_SIZE,
        max_chars=page_bytes(),
        limit=limit,
    )


def sync_together(ranges: Sequence[ReplayRange]) -> list[Replay]:
    """Return what `sync` returns for each of these short ranges, by a few queries for all of them."""
    intervals = intervals_by_user({wanted.user_id for wanted in ranges})
    return replay_together(ranges, intervals, page_size=REPLAY_PAGE_SIZE, max_chars=page_bytes())


def messages_after(user: User, *, after: int, upto: int, page_size: int = SYNC_PAGE_SIZE) -> tuple[list[Entry], bool]:
    """Return the messages of the user's current channels in (`after`, `upto`], and whether there are more.

    They have their media, and are ordered oldest first. Only messages sent during a membership are returned, and a page
    never skips one.
    """
    found, more = messages_in_intervals(membership_intervals(user.pk), after=after, upto=upto, page_size=page_size)
    load_inline_media(found)
    fitting = _count_fitting_media(found)
    return found[:fitting], more or fitting < len(found)


def messages_in_intervals(
    spans: Sequence[MembershipInterval], *, after: int, upto: int, page_size: int
) -> tuple[list[Entry], bool]:
    """Do what `messages_after` does, for a user with these membership intervals."""
    return read_intervals(
        _present_spans(spans),
        MESSAGE.name,
        after=after,
        upto=upto,
        page_size=page_size,
        max_chars=page_bytes(),
    )


def messages_together(ranges: Sequence[ReplayRange]) -> list[Replay]:
    """Return the pages of `messages_after` for each of these short ranges, by a few queries for all of them."""
    intervals = intervals_by_user({wanted.user_id for wanted in ranges})
    present = {user_id: _present_spans(spans) for user_id, spans in intervals.items()}
    pages = replay_together(ranges, present, page_size=SYNC_PAGE_SIZE, max_chars=page_bytes(), kind=MESSAGE.name)
    load_inline_media([entry for page in pages for entry in page.entries])
    return [_with_fitting_media(page) for page in pages]


def _with_fitting_media(page: Replay) -> Replay:
    fitting = _count_fitting_media(page.entries)
    if fitting == len(page.entries):
        return page
    entries = page.entries[:fitting]
    return Replay(entries, entries[-1].position, has_more=True)


def _count_fitting_media(entries: Sequence[Entry]) -> int:
    """Return how many of the messages have media that fit into one page; at least one if there are any."""
    size = 0
    for index, entry in enumerate(entries):
        size += len(entry.media)
        if index and size > page_bytes():
            return index
    return len(entries)


def _present_spans(spans: Sequence[MembershipInterval]) -> list[MembershipInterval]:
    """Return the intervals, ended ones included, of the channels that the user is a member of now."""
    present = {span.channel for span in spans if span.until_position is None}
    return [span for span in spans if span.channel in present]
