"""Replays of the event log: a user's events after a position, selected by the user's membership intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from delivery.log import Entry, MembershipInterval, to_entries
from delivery.models import Event, EventRecipient

_NO_SIZE_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Replay:
    """A page of a user's events.

    `position`: the start of the next page; `reset`: too many events for a replay, so the client must load its lists and
    histories anew.
    """

    entries: list[Entry]
    position: int
    has_more: bool = False
    reset: bool = False


def replay(
    user_id: int,
    intervals: Iterable[MembershipInterval],
    *,
    after: int,
    upto: int,
    page_size: int,
    limit: int,
    max_chars: int = _NO_SIZE_LIMIT,
) -> Replay:
    """Return a page of the user's events in (`after`, `upto`]: of channels in the intervals, and addressed to the user.

    Everything up to `upto` must have been committed. A page has at most `page_size` events, and exceeds `max_chars`
    characters of bodies only if it has a single event. A replay of more than `limit` events in total is a reset, as is
    one with `after` beyond `upto`.
    """
    if after > upto:
        return Replay([], upto, reset=True)
    # An ended interval counts if a later one follows it: a message from it may be edited now.
    by_channel = {
        channel: in_channel
        for channel, in_channel in _group_by_channel(intervals).items()
        if any(interval.until_position is None or interval.until_position > after for interval in in_channel)
    }
    own = EventRecipient.objects.filter(user_id=user_id, position__gt=after, position__lte=upto).values("position")
    concerning = (
        Event.objects.filter(position__gt=after, position__lte=upto)
        .filter(Q(channel__in=list(by_channel)) | Q(position__in=own))
        .order_by("position")
        .values_list("position", "channel", "subject")
    )
    # One statement reads all positions, so that the page and the end of the replay are of one snapshot.
    found = list(concerning[: limit * 2])
    visible = [
        position
        for position, channel, subject in found
        if channel is None or can_see(by_channel[channel], position, subject)
    ]
    # Visible events are not searched for among too many invisible ones (between two intervals).
    if len(visible) > limit or len(found) == limit * 2:
        return Replay([], upto, reset=True)
    chosen = visible[:page_size]
    rows = list(Event.objects.filter(position__in=chosen).order_by("position"))
    fitting = _count_fitting(rows, max_chars)
    if fitting < len(rows):
        return Replay(to_entries(rows[:fitting]), rows[fitting - 1].position, has_more=True)
    if len(visible) > page_size:
        return Replay(to_entries(rows), chosen[-1], has_more=True)
    return Replay(to_entries(rows), upto)


def read_intervals(
    intervals: Iterable[MembershipInterval],
    kind: str,
    *,
    after: int,
    upto: int,
    page_size: int,
    max_chars: int = _NO_SIZE_LIMIT,
) -> tuple[list[Entry], bool]:
    """Return events of one kind in (`after`, `upto`] and the intervals, oldest first, and whether there are more.

    At most `page_size`, and more than `max_chars` characters of bodies only for a single event. No event before the end
    of the page is left out, however far apart they are.
    """
    by_channel = _group_by_channel(intervals)
    chosen: list[int] = []
    while len(chosen) <= page_size:
        found = (
            Event.objects.filter(position__gt=after, position__lte=upto, channel__in=list(by_channel), kind=kind)
            .order_by("position")
            .values_list("position", "channel", "subject")[: page_size * 4]
        )
        rows = list(found)
        chosen += [
            position
            for position, channel, subject in rows
            if channel is not None and can_see(by_channel[channel], position, subject)
        ]
        if len(rows) < page_size * 4:
            break
        after = rows[-1][0]
    events = list(Event.objects.filter(position__in=chosen[:page_size]).order_by("position"))
    fitting = _count_fitting(events, max_chars)
    if fitting < len(events):
        return to_entries(events[:fitting]), True
    return to_entries(events), len(chosen) > page_size


def can_see(intervals: Iterable[MembershipInterval], position: int, subject: int | None) -> bool:
    """Return whether a user with these intervals in a channel gets its event at `position`, about that at `subject`."""
    return any(interval.covers(position) for interval in intervals) and (
        subject is None or any(interval.covers(subject) for interval in intervals)
    )


def _group_by_channel(intervals: Iterable[MembershipInterval]) -> dict[int, list[MembershipInterval]]:
    by_channel: dict[int, list[MembershipInterval]] = {}
    for interval in intervals:
        by_channel.setdefault(interval.channel, []).append(interval)
    return by_channel


def _count_fitting(rows: Sequence[Event], max_chars: int) -> int:
    """Return how many of the first rows fit into `max_chars` characters of bodies; at least one if there is any."""
    for index, row in enumerate(rows):
        max_chars -= len(row.body)
        if index and max_chars < 0:
            return index
    return len(rows)
