"""The one log: append in a transaction, read by position.

Positions are 1, 2, 3, … without a gap, in commit order: they come from one counter row that is locked from the moment
it is taken until the commit. So nothing may wait after `append`: what follows it in a transaction only inserts.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db.models import Q

from delivery.db.bulk import Statement, execute_batch, insert_statements
from delivery.models import Event, EventRecipient, LogHead

_HEAD = 1
_DIRECT = Q(header__contains='"route":')
_FIELDS = ("position", "kind", "channel", "ref", "subject", "app", "origin", "header", "body", "time")


@dataclass(slots=True)
class Entry:
    """An event: what happened, for whom. `position` and `time` (Unix ms) are 0 until it has been appended.

    The audience is `channel`, or the `persons`. `header` is obeyed by delivery:
    `join` and `leave` list persons who belong to the channel from, or up to, this event, both included;
    `route` lists the two people of a private channel, by whose presence its bodies travel;
    `skip` lists persons who do not get it live;
    `receipt` lists persons for whom it is counted who gets it (`delivery.hub.receipts`);
    `revoke` ends connections of the persons (`credential`: only those, `except`: all but those), or with `app` those of
    everybody on it.
    """

    kind: str
    channel: int | None = None
    persons: tuple[int, ...] = ()
    ref: int | None = None
    subject: int | None = None
    app: int | None = None
    origin: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    position: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True)
class MembershipInterval:
    """One stay of a person in a channel: from its join event up to its leave event (None: still there)."""

    channel: int
    from_position: int
    until_position: int | None = None
    direct: bool = False
    """Whether the channel's entries name their persons (`route`): one of two people."""

    def covers(self, position: int) -> bool:
        return self.from_position <= position and (self.until_position is None or position <= self.until_position)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def head() -> int:
    """The last position that has been committed; 0 for an empty log."""
    return LogHead.objects.filter(pk=_HEAD).values_list("position", flat=True).first() or 0


def append(entries: Sequence[Entry]) -> list[Entry]:
    """Give the entries the next positions and store them, last in a transaction; then call `publish.after_commit`."""
    if entries:
        (((last,),),) = execute_batch([reserve_positions(len(entries))])
        execute_batch(insert_entries(entries, last))
    return list(entries)


def reserve_positions(count: int) -> Statement:
    """Takes that many positions of the log, and locks its counter until the commit; returns the last of them."""
    table = LogHead._meta.db_table
    return Statement(
        f"INSERT INTO {table} (id, position) VALUES (%s, %s)"
        f" ON CONFLICT (id) DO UPDATE SET position = {table}.position + excluded.position RETURNING position",
        [_HEAD, count],
        returns=True,
    )


def insert_entries(entries: Sequence[Entry], last: int) -> list[Statement]:
    """Give the entries the positions that were taken, up to `last`; the statements that store them."""
    first = last - len(entries) + 1
    at = now_ms()
    values: list[tuple[object, ...]] = []
    audience: list[tuple[int, int]] = []
    for position, entry in enumerate(entries, start=first):
        entry.position = position
        entry.time = entry.time or at
        header = orjson.dumps(entry.header).decode() if entry.header else ""
        body = orjson.dumps(entry.body).decode()
        about = (entry.channel, entry.ref, entry.subject, entry.app, entry.origin)
        values.append((position, entry.kind, *about, header, body, entry.time))
        audience += [(person, position) for person in entry.persons]
    return [
        *insert_statements(Event, _FIELDS, values),
        *insert_statements(EventRecipient, ("user_id", "position"), audience),
    ]


def redact(ref: int, changes: dict[str, Any]) -> None:
    """Change the bodies of all events about `ref`, so that no later replay shows what was there."""
    for row in Event.objects.filter(ref=ref):
        row.body = orjson.dumps(orjson.loads(row.body) | changes).decode()
        row.save(update_fields=["body"])


def forget(refs: Sequence[int]) -> None:
    """Delete all events about these refs: no replay brings them again, and whoever follows the log passes over them."""
    positions = list(Event.objects.filter(ref__in=refs).values_list("position", flat=True))
    EventRecipient.objects.filter(position__in=positions).delete()
    Event.objects.filter(position__in=positions).delete()


def read(after: int, limit: int) -> list[Entry]:
    """Up to `limit` committed events with a greater position than `after`, in order, for whoever follows the log."""
    rows = list(Event.objects.filter(position__gt=after).order_by("position")[:limit])
    return _entries(rows)


@dataclass(frozen=True, slots=True)
class EventSummary:
    """What an event is about, without its header and body. `direct`: of a channel of two people."""

    position: int
    kind: str
    channel: int | None
    direct: bool


def headings(kinds: Collection[str], *, after: int, upto: int, limit: int) -> list[EventSummary]:
    """The first `limit` events of these kinds in (`after`, `upto`], in order, for whoever looks for few among many."""
    found = Event.objects.filter(position__gt=after, position__lte=upto, kind__in=kinds).order_by("position")
    rows = found.annotate(direct=_DIRECT).values_list("position", "kind", "channel", "direct")
    return [EventSummary(*row) for row in rows[:limit]]


def read_kinds(kinds: Collection[str], *, after: int, upto: int, limit: int, channel: int | None = None) -> list[Entry]:
    """The first `limit` events of these kinds in (`after`, `upto`], in order.

    Of one channel, or else of all and of none, but for channels of two people.
    """
    found = Event.objects.filter(position__gt=after, position__lte=upto, kind__in=kinds)
    found = found.exclude(_DIRECT) if channel is None else found.filter(channel=channel)
    return _entries(list(found.order_by("position")[:limit]))


def read_channel(channel: int, kinds: Collection[str], after: int, before: int | None, limit: int) -> list[Entry]:
    """Return the newest `limit` events of these kinds in a channel with `after` < position (< `before`), in order."""
    found = Event.objects.filter(channel=channel, kind__in=kinds, position__gt=after)
    if before is not None:
        found = found.filter(position__lt=before)
    return _entries(list(found.order_by("-position")[:limit])[::-1])


def references(kinds: Sequence[str], *, after: int, upto: int, limit: int) -> list[tuple[int, int]]:
    """Positions in (`after`, `upto`] of events of these kinds with what each is about, in order."""
    found = Event.objects.filter(position__gt=after, position__lte=upto, kind__in=kinds, ref__isnull=False)
    rows = found.order_by("position").values_list("position", "ref")[:limit]
    return [(position, ref) for position, ref in rows if ref is not None]


@dataclass(frozen=True, slots=True)
class Replay:
    """A page of a person's events. `position` is safe to ask from next; `reset` means: too far behind, reload."""

    entries: list[Entry]
    position: int
    has_more: bool = False
    reset: bool = False


def replay(
    person: int,
    spans: Iterable[MembershipInterval],
    *,
    after: int,
    upto: int,
    page: int,
    limit: int,
    size: int = 1 << 30,
) -> Replay:
    """What concerns `person` in (`after`, `upto`]: events of the channels in `spans`, and the person's own.

    `upto` must be a position up to which everything has been committed. At most `page` entries at a time, and no
    more than `size` characters of bodies but for a single one; more than `limit` in all, or `after` beyond `upto`, asks
    for a reset.
    """
    if after > upto:
        return Replay([], upto, reset=True)
    by_channel: dict[int, list[MembershipInterval]] = {}
    for span in spans:
        by_channel.setdefault(span.channel, []).append(span)
    # Ended stays count in a channel with a later one: what was said in them may be edited now.
    by_channel = {
        channel: stays
        for channel, stays in by_channel.items()
        if any(stay.until_position is None or stay.until_position > after for stay in stays)
    }
    own = EventRecipient.objects.filter(user_id=person, position__gt=after, position__lte=upto).values("position")
    concerns = (
        Event.objects.filter(position__gt=after, position__lte=upto)
        .filter(Q(channel__in=list(by_channel)) | Q(position__in=own))
        .order_by("position")
        .values_list("position", "channel", "subject")
    )
    # The whole of it is asked for as positions only, in one statement: the page and its end are of one snapshot.
    found = list(concerns[: limit * 2])
    seen = [
        position
        for position, channel, subject in found
        if channel is None or may_see(by_channel[channel], position, subject)
    ]
    # Among too many that one may not see (said between two stays), those that one may are not looked for.
    if len(seen) > limit or len(found) == limit * 2:
        return Replay([], upto, reset=True)
    chosen = seen[:page]
    rows = list(Event.objects.filter(position__in=chosen).order_by("position"))
    for index, row in enumerate(rows):
        size -= len(row.body)
        if index and size < 0:
            return Replay(_entries(rows[:index]), rows[index - 1].position, has_more=True)
    if len(seen) > page:
        return Replay(_entries(rows), chosen[-1], has_more=True)
    return Replay(_entries(rows), upto)


def read_stays(
    spans: Iterable[MembershipInterval], kind: str, *, after: int, upto: int, page: int, size: int = 1 << 30
) -> tuple[list[Entry], bool]:
    """The events of one kind in (`after`, `upto`] that lie in these stays, oldest first, and whether there are more.

    At most `page`, and no more than `size` characters of bodies but for a single one; nothing is ever left out before
    the page's end, however far apart they are.
    """
    by_channel: dict[int, list[MembershipInterval]] = {}
    for span in spans:
        by_channel.setdefault(span.channel, []).append(span)
    chosen: list[int] = []
    while len(chosen) <= page:
        found = (
            Event.objects.filter(position__gt=after, position__lte=upto, channel__in=list(by_channel), kind=kind)
            .order_by("position")
            .values_list("position", "channel", "subject")[: page * 4]
        )
        rows = list(found)
        chosen += [
            position
            for position, channel, subject in rows
            if channel is not None and may_see(by_channel[channel], position, subject)
        ]
        if len(rows) < page * 4:
            break
        after = rows[-1][0]
    events = list(Event.objects.filter(position__in=chosen[:page]).order_by("position"))
    for index, row in enumerate(events):
        size -= len(row.body)
        if index and size < 0:
            return _entries(events[:index]), True
    return _entries(events), len(chosen) > page


def may_see(spans: Iterable[MembershipInterval], position: int, subject: int | None) -> bool:
    """Whether one with these stays in a channel gets its event at `position` about `subject`."""
    return any(span.covers(position) for span in spans) and (
        subject is None or any(span.covers(subject) for span in spans)
    )


def _entries(rows: list[Event]) -> list[Entry]:
    audiences: dict[int, list[int]] = {}
    lone = [row.position for row in rows if row.channel is None]
    if lone:
        for person, position in EventRecipient.objects.filter(position__in=lone).values_list("user_id", "position"):
            audiences.setdefault(position, []).append(person)
    return [
        Entry(
            kind=row.kind,
            channel=row.channel,
            persons=tuple(audiences.get(row.position, ())),
            ref=row.ref,
            subject=row.subject,
            app=row.app,
            origin=row.origin,
            header=orjson.loads(row.header) if row.header else {},
            body=orjson.loads(row.body),
            position=row.position,
            time=row.time,
        )
        for row in rows
    ]
