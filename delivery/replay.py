"""Replays of the event log: a user's events after a position, selected by the user's membership intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from delivery.db.bulk import Statement, execute_batch
from delivery.db.prepared import PreparedQuery
from delivery.log import Entry, MembershipInterval, to_entries
from delivery.models import Event, EventRecipient

SHARED_RANGE = 2000
"""Positions that one of the replays may span which share their queries."""
_NO_SIZE_LIMIT = 1 << 30
_CHANNELS_PER_QUERY = 5000
_IN_CHANNELS: PreparedQuery[Event] = PreparedQuery(
    lambda channels, after, upto: Event.objects.filter(
        channel__in=channels, position__gt=after[0], position__lte=upto[0]
    ).values_list("position", "channel", "subject", "kind")
)
_TO_USERS: PreparedQuery[EventRecipient] = PreparedQuery(
    lambda users, after, upto: EventRecipient.objects.filter(
        user_id__in=users, position__gt=after[0], position__lte=upto[0]
    ).values_list("user_id", "position")
)
_AT_POSITIONS: PreparedQuery[Event] = PreparedQuery(lambda positions: Event.objects.filter(position__in=positions))


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


@dataclass(frozen=True, slots=True)
class ReplayRange:
    """A user's wish for the events in (`after`, `upto`]."""

    user_id: int
    after: int
    upto: int

    @property
    def is_short(self) -> bool:
        """Return whether the replay may share its queries with others."""
        return 0 <= self.upto - self.after <= SHARED_RANGE


def replay_together(
    ranges: Sequence[ReplayRange],
    intervals: Mapping[int, Sequence[MembershipInterval]],
    *,
    page_size: int,
    max_chars: int = _NO_SIZE_LIMIT,
    kind: str | None = None,
) -> list[Replay]:
    """Return what `replay` returns for each of these short ranges, by a few queries for any number of users.

    `intervals` are those of the users, by id. A short range has too few events for a reset. With `kind`, only events of
    channels and of this kind are returned, as by `read_intervals`.
    """
    first, last = min(wanted.after for wanted in ranges), max(wanted.upto for wanted in ranges)
    channels = [_replayed_channels(intervals.get(wanted.user_id, ()), wanted.after) for wanted in ranges]
    in_channels = _read_channels(sorted({channel for own in channels for channel in own}), first, last, kind)
    to_users = {} if kind is not None else _read_recipients({wanted.user_id for wanted in ranges}, first, last)
    visible = [
        sorted(
            position
            for position in (
                *to_users.get(wanted.user_id, ()),
                *(
                    position
                    for channel, own_intervals in own.items()
                    for position, subject in in_channels.get(channel, ())
                    if can_see(own_intervals, position, subject)
                ),
            )
            if wanted.after < position <= wanted.upto
        )
        for wanted, own in zip(ranges, channels, strict=True)
    ]
    events = _read_events({position for positions in visible for position in positions[:page_size]})
    return [
        _page(
            [events[position] for position in positions[:page_size] if position in events],
            positions,
            upto=wanted.upto,
            page_size=page_size,
            max_chars=max_chars,
        )
        for wanted, positions in zip(ranges, visible, strict=True)
    ]


def _read_recipients(user_ids: set[int], after: int, upto: int) -> dict[int, list[int]]:
    """Return the positions of events in (`after`, `upto`] that are addressed to these users, by user."""
    found: dict[int, list[int]] = {}
    (rows,) = execute_batch([_TO_USERS.statement(user_ids, [after], [upto])])
    for user_id, position in rows:
        found.setdefault(user_id, []).append(position)
    return found


def _read_channels(
    channels: Sequence[int], after: int, upto: int, only_kind: str | None
) -> dict[int, list[tuple[int, int | None]]]:
    """Return position and subject of the channels' events in (`after`, `upto`], by channel."""
    found: dict[int, list[tuple[int, int | None]]] = {}
    for start in range(0, len(channels), _CHANNELS_PER_QUERY):
        statement = _IN_CHANNELS.statement(channels[start : start + _CHANNELS_PER_QUERY], [after], [upto])
        (rows,) = execute_batch([statement])
        for position, channel, subject, kind in rows:
            if only_kind is None or kind == only_kind:
                found.setdefault(channel, []).append((position, subject))
    return found


def _read_events(positions: set[int]) -> dict[int, tuple[Entry, int]]:
    """Return the events at these positions, each with the number of characters of its body."""
    if not positions:
        return {}
    (rows,) = execute_batch([_AT_POSITIONS.statement(positions)])
    events = _AT_POSITIONS.instances(rows)
    return {row.position: (entry, len(row.body)) for row, entry in zip(events, to_entries(events), strict=True)}


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
    by_channel = _replayed_channels(intervals, after)
    # One statement reads all positions, so that the page and the end of the replay are of one snapshot.
    (found,) = execute_batch([_concerning(user_id, list(by_channel), after, upto, limit * 2)])
    visible = [
        position
        for position, channel, subject in found
        if channel is None or can_see(by_channel[channel], position, subject)
    ]
    # Visible events are not searched for among too many invisible ones (between two intervals).
    if len(visible) > limit or len(found) == limit * 2:
        return Replay([], upto, reset=True)
    rows = list(Event.objects.filter(position__in=visible[:page_size]).order_by("position"))
    events = [(entry, len(row.body)) for row, entry in zip(rows, to_entries(rows), strict=True)]
    return _page(events, visible, upto=upto, page_size=page_size, max_chars=max_chars)


def _concerning(user_id: int, channels: Sequence[int], after: int, upto: int, limit: int) -> Statement:
    """Return a statement for the first events in (`after`, `upto`] of these channels, and addressed to the user.

    Position, channel and subject of at most `limit` events, in order. A single condition with OR would make PostgreSQL
    read all events of the range, which are those of the whole site.
    """
    events, recipients = Event._meta.db_table, EventRecipient._meta.db_table
    sources = [
        f"SELECT e.position, e.channel, e.subject FROM {recipients} r JOIN {events} e ON e.position = r.position"
        " WHERE r.user_id = %s AND r.position > %s AND r.position <= %s AND e.channel IS NULL"
        " ORDER BY r.position LIMIT %s"
    ]
    parameters: list[int] = [user_id, after, upto, limit]
    if channels:
        sources.append(
            f"SELECT position, channel, subject FROM {events}"
            f" WHERE channel IN ({', '.join(['%s'] * len(channels))}) AND position > %s AND position <= %s"
            " ORDER BY position LIMIT %s"
        )
        parameters += [*channels, after, upto, limit]
    together = " UNION ALL ".join(f"SELECT * FROM ({source}) AS s{number}" for number, source in enumerate(sources))
    return Statement(f"{together} ORDER BY 1 LIMIT %s", [*parameters, limit], returns=True)


def _page(
    events: Sequence[tuple[Entry, int]], visible: Sequence[int], *, upto: int, page_size: int, max_chars: int
) -> Replay:
    """Return the page of these events, each with its characters; they are the first `page_size` of those visible."""
    fitting = _count_fitting([chars for _, chars in events], max_chars)
    entries = [entry for entry, _ in events[:fitting]]
    if fitting < len(events):
        return Replay(entries, entries[-1].position, has_more=True)
    if len(visible) > page_size:
        return Replay(entries, visible[page_size - 1], has_more=True)
    return Replay(entries, upto)


def _replayed_channels(intervals: Iterable[MembershipInterval], after: int) -> dict[int, list[MembershipInterval]]:
    """Return the intervals by channel, of the channels that may have events for the user after this position."""
    # An ended interval counts if a later one follows it: a message from it may be edited now.
    return {
        channel: in_channel
        for channel, in_channel in _group_by_channel(intervals).items()
        if any(interval.until_position is None or interval.until_position > after for interval in in_channel)
    }


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
    fitting = _count_fitting([len(row.body) for row in events], max_chars)
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


def _count_fitting(sizes: Sequence[int], max_chars: int) -> int:
    """Return how many of the first bodies, with these characters, fit into `max_chars`; at least one if any."""
    for index, chars in enumerate(sizes):
        max_chars -= chars
        if index and max_chars < 0:
            return index
    return len(sizes)
