"""The event log: appends events in a transaction and reads them by position.

Positions are 1, 2, 3, … without a gap, in commit order. They come from one counter row, which stays locked from the
moment a position is reserved until the commit. So only inserts that cannot wait may follow `append` in a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db.models import Q

from delivery.db.bulk import Statement, execute_batch, insert_statements
from delivery.db.prepared import PreparedQuery
from delivery.models import Event, EventRecipient, LogHead

ACTIVITY = "activity"
_HEAD_ID = 1
_IS_DIRECT = Q(header__contains='"route":')
_HEAD: PreparedQuery[LogHead] = PreparedQuery(lambda ids: LogHead.objects.filter(pk__in=ids))
"""Every node reads it once a second, so its SQL is built once."""
_FIELDS = ("position", "kind", "channel", "ref", "subject", "app", "origin", "header", "body", "time")


@dataclass(slots=True)
class Entry:
    """An event of the log: its kind, data and audience. `position` and `time` (Unix ms) are 0 until it is appended.

    The audience is `channel`, or the users of `user_ids`. `ref`, `subject`, `app` and `origin` are those of
    `delivery.models.Event`. Delivery acts on the `header`:
    `join` and `leave` list users who belong to the channel from, or up to, this event, both included;
    `route` lists the two users of a private channel: its bodies go to the nodes that these are connected to;
    `skip` lists users who do not get it live;
    `about` is the channel that an event for users concerns, for connections that receive no other channel;
    `receipt` lists users for whom its deliveries are counted (`delivery.hub.receipts`);
    `activity` marks a transient one that only connections with `gets_activity` get, and that may be dropped;
    `revoke` ends connections of its users (`credential`: only those, `except`: all but those), or with `app` all
    connections on that app;
    `no_webhooks` keeps it from webhooks, because it repeats what happened on another site.

    `media_type` and `media` are the type and the bytes of a small file, for codecs that send it with the event. The log
    does not have them: `delivery.hub.media_loaders` load them for the hub.
    """

    kind: str
    channel: int | None = None
    user_ids: tuple[int, ...] = ()
    ref: int | None = None
    subject: int | None = None
    app: int | None = None
    origin: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    position: int = 0
    time: int = 0
    media_type: str = ""
    media: bytes = b""


@dataclass(frozen=True, slots=True)
class MembershipInterval:
    """A user's membership of a channel from its join event up to its leave event, both included (None: still a member).

    A user who leaves and returns has several.
    """

    channel: int
    from_position: int
    until_position: int | None = None
    is_direct: bool = False
    """True if this is a channel of two users, whose events name them (`route`)."""

    def covers(self, position: int) -> bool:
        return self.from_position <= position and (self.until_position is None or position <= self.until_position)


def now_ms() -> int:
    """Return the present time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def head() -> int:
    """Return the last committed position; 0 for an empty log."""
    (rows,) = execute_batch([_HEAD.statement([_HEAD_ID])])
    return int(rows[0][1]) if rows else 0


def first_position_since(time: int) -> int:
    """Return the position of the first event since this time (Unix ms), or the next one, by thirty look-ups of a row.

    Events are in order of time, except that the clocks of nodes may differ.
    """
    low, high = 0, head() + 1
    first = high
    while low < high:
        middle = (low + high) // 2
        row = Event.objects.filter(position__gte=middle).order_by("position").values_list("position", "time").first()
        if row is not None and row[1] < time:
            low = row[0] + 1
        else:
            # Not `middle`, because the events in between may have been deleted.
            first = min(first, row[0]) if row is not None else first
            high = middle
    return first


def append(entries: Sequence[Entry]) -> list[Entry]:
    """Store the events at the next positions and return them.

    Call it last in a transaction, and then `publish.after_commit`.
    """
    if entries:
        (((last_position,),),) = execute_batch([reserve_positions(len(entries))])
        execute_batch(insert_entries(entries, last_position))
    return list(entries)


def reserve_positions(count: int) -> Statement:
    """Return a statement that reserves `count` positions and locks their counter until the commit.

    Its one row holds the last of these positions.
    """
    table = LogHead._meta.db_table
    return Statement(
        f"INSERT INTO {table} (id, position) VALUES (%s, %s)"
        f" ON CONFLICT (id) DO UPDATE SET position = {table}.position + excluded.position RETURNING position",
        [_HEAD_ID, count],
        returns=True,
    )


def insert_entries(entries: Sequence[Entry], last_position: int) -> list[Statement]:
    """Set the positions of the events, which end at `last_position`, and return the statements that insert them."""
    first_position = last_position - len(entries) + 1
    now = now_ms()
    rows: list[tuple[object, ...]] = []
    recipients: list[tuple[int, int]] = []
    for position, entry in enumerate(entries, start=first_position):
        entry.position = position
        entry.time = entry.time or now
        header = orjson.dumps(entry.header).decode() if entry.header else ""
        body = orjson.dumps(entry.body).decode()
        about = (entry.channel, entry.ref, entry.subject, entry.app, entry.origin)
        rows.append((position, entry.kind, *about, header, body, entry.time))
        recipients += [(user_id, position) for user_id in entry.user_ids]
    return [
        *insert_statements(Event, _FIELDS, rows),
        *insert_statements(EventRecipient, ("user_id", "position"), recipients),
    ]


def redact(changes: Mapping[int, Mapping[str, Any]], fields: Mapping[str, Collection[str]]) -> None:
    """Update the bodies of events with the changes for their ref, so that a replay does not return the earlier text.

    A change to None removes the member. `fields`: the members of a body that may change, by the kind of the event.
    Events of other kinds stay as they are.
    """
    # Locked in the order of `delivery.anonymize`, which rewrites bodies too.
    rows = Event.objects.select_for_update(no_key=True).filter(ref__in=list(changes), kind__in=list(fields))
    for row in rows.order_by("position"):
        assert row.ref is not None
        changed = {name: value for name, value in changes[row.ref].items() if name in fields[row.kind]}
        body = orjson.loads(row.body) | changed
        row.body = orjson.dumps({name: value for name, value in body.items() if value is not None}).decode()
        row.save(update_fields=["body"])


def delete_about(refs: Sequence[int]) -> None:
    """Delete all events about these refs. Readers of the log pass over the gaps that they leave."""
    positions = list(Event.objects.filter(ref__in=refs).values_list("position", flat=True))
    EventRecipient.objects.filter(position__in=positions).delete()
    Event.objects.filter(position__in=positions).delete()


def delete(position: int) -> None:
    """Delete the event of a channel at this position. Readers of the log pass over the gap."""
    Event.objects.filter(pk=position).delete()


def read(after: int, limit: int) -> list[Entry]:
    """Return up to `limit` committed events after a position, in order."""
    rows = list(Event.objects.filter(position__gt=after).order_by("position")[:limit])
    return to_entries(rows)


@dataclass(frozen=True, slots=True)
class EventSummary:
    """An event without header and body. `is_direct`: it belongs to a channel of two users."""

    position: int
    kind: str
    channel: int | None
    is_direct: bool


def read_summaries(kinds: Collection[str], *, after: int, upto: int, limit: int) -> list[EventSummary]:
    """Return summaries of the first `limit` events of these kinds in (`after`, `upto`], in order."""
    found = Event.objects.filter(position__gt=after, position__lte=upto, kind__in=kinds).order_by("position")
    rows = found.annotate(is_direct=_IS_DIRECT).values_list("position", "kind", "channel", "is_direct")
    return [EventSummary(*row) for row in rows[:limit]]


def read_kinds(kinds: Collection[str], *, after: int, upto: int, limit: int, channel: int | None = None) -> list[Entry]:
    """Return the first `limit` events of these kinds in (`after`, `upto`], in order.

    Without `channel`: events of all channels except private ones, and events without a channel.
    """
    found = Event.objects.filter(position__gt=after, position__lte=upto, kind__in=kinds)
    found = found.exclude(_IS_DIRECT) if channel is None else found.filter(channel=channel)
    return to_entries(list(found.order_by("position")[:limit]))


def read_channel(channel: int, kinds: Collection[str], after: int, before: int | None, limit: int) -> list[Entry]:
    """Return the newest `limit` events of these kinds in a channel, in order.

    Only those after position `after`, and before `before` if that is given.
    """
    found = Event.objects.filter(channel=channel, kind__in=kinds, position__gt=after)
    if before is not None:
        found = found.filter(position__lt=before)
    return to_entries(list(found.order_by("-position")[:limit])[::-1])


def read_refs(kinds: Sequence[str], *, after: int, upto: int, limit: int) -> list[tuple[int, int]]:
    """Return position and `ref` of the first `limit` events of these kinds in (`after`, `upto`] that have a ref."""
    statement = Statement(
        f"SELECT position, ref FROM {Event._meta.db_table} WHERE position > %s AND position <= %s"
        f" AND kind IN ({', '.join(['%s'] * len(kinds))}) AND ref IS NOT NULL ORDER BY position LIMIT %s",
        [after, upto, *kinds, limit],
        returns=True,
    )
    (rows,) = execute_batch([statement])
    return [(position, ref) for position, ref in rows]


def to_entries(rows: Sequence[Event]) -> list[Entry]:
    """Return the rows as entries, with the recipients of those that have no channel."""
    recipients: dict[int, list[int]] = {}
    positions = [row.position for row in rows if row.channel is None]
    if positions:
        found = EventRecipient.objects.filter(position__in=positions)
        for user_id, position in found.values_list("user_id", "position"):
            recipients.setdefault(position, []).append(user_id)
    return [
        Entry(
            kind=row.kind,
            channel=row.channel,
            user_ids=tuple(recipients.get(row.position, ())),
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
