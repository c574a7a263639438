"""Messages into the database, many in one transaction: locks, keys, rights, numbers, the log.

A message is announced after its transaction has committed, never before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from django.db import IntegrityError, InterfaceError, OperationalError

from accounts.models import User
from chat import payloads, rules
from chat.errors import ChatError
from chat.models import Channel, Message, MessageKey, ReadMark
from chat.sending.deduplication import Outcome as Outcome
from chat.sending.deduplication import SendKeys, hold
from chat.sending.deduplication import Stored as Stored
from chat.sending.locked_rows import Locked, lock
from chat.sending.permissions import SendRights
from delivery import idempotency, log, metrics, publish
from delivery.db.bulk import Statement, attribute, execute_batch, insertion, insertions
from delivery.db.transactions import wait_for_locks, write
from delivery.idempotency import IdempotencyKey
from delivery.log import Entry

logger = logging.getLogger(__name__)

_ONE_FAULTY = {"55P03", "40P01", "40001", "57014"}
"""SQLSTATEs that one entry can bring upon its batch: lock not available, deadlock, serialisation failure, and a
statement that took too long where the operator has set `statement_timeout`: by a lock as well."""
PARTS_PATIENCE = 4.0
"""Seconds from a batch's failure in which its parts are tried; what has had no turn by then is refused, and may be sent
again by its key. Were the log's counter locked, each part of a part would else wait anew, and the queue with it."""
PART_LOCK_PATIENCE = 0.25
"""Seconds for which the parts of a batch that has waited in vain wait for a lock, on PostgreSQL: the whole has waited
for it by `lock_timeout` already."""


@dataclass(slots=True)
class Draft:
    """A message that wants to be stored. `app`: the app its sender is on (None: a service, on all of them).

    For calls of other systems: `live_app` limits live delivery to one app, `push_seq` replaces the message's id in the
    push's envelope, `shown_as` is the name it is said in, `skip` a person who does not get it live, and `claim` (scope,
    key) makes the call happen once while the key lives. `guard` does so too, and gives a repeat the first result, with
    what is to `remember`. `receipt`: persons for whom it is counted who gets it; their own connections do not count.
    """

    sender: int
    channel: int
    text: str
    type: str = "text"
    client_id: str | None = None
    reply_to: int | None = None
    app: int | None = None
    origin: str = ""
    live_app: int | None = None
    push_seq: str = ""
    shown_as: str = ""
    skip: int | None = None
    claim: tuple[str, str] | None = None
    guard: IdempotencyKey | None = None
    remember: str = ""
    receipt: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[int, str] | None:
        return None if self.client_id is None else (self.sender, self.client_id)


def commit(drafts: Sequence[Draft]) -> list[Outcome]:
    """Store the drafts in one transaction and announce them; an outcome for each, in order. Raises nothing.

    A draft that may not be sent, or at which the database fails, harms no other: the batch is cut in halves until that
    one is alone, for PARTS_PATIENCE at most.
    """
    return _commit(drafts, None)


def _commit(drafts: Sequence[Draft], until: float | None, *, waited: bool = False, again: bool = True) -> list[Outcome]:
    """The same for a part of a batch, whose parts are tried `until` then; None: for all of it. `waited`: in vain."""
    began = time.monotonic()
    try:
        outcomes, entries = _store(drafts, waited=waited)
    except Exception as error:
        if len(drafts) > 1 and _of_one(error):
            until = time.monotonic() + PARTS_PATIENCE if until is None else until
            return _commit_halves(drafts, error, until, waited=waited or _waited(error))
        if again and isinstance(error, IntegrityError):
            # The same key was stored elsewhere between our look and our insert: now the look finds it.
            return _commit(drafts, until, waited=waited, again=False)
        return _failed(drafts, error)
    metrics.COMMIT_SECONDS.observe(time.monotonic() - began)
    metrics.COMMIT_MESSAGES.observe(len(drafts))
    publish.committed(entries)
    return outcomes


def _commit_halves(drafts: Sequence[Draft], error: Exception, until: float, *, waited: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for half in (drafts[: len(drafts) // 2], drafts[len(drafts) // 2 :]):
        if time.monotonic() < until:
            outcomes += _commit(half, until, waited=waited)
        else:
            outcomes += _failed(half, OperationalError(f"no time is left after {error!r}"))
    return outcomes


def _failed(drafts: Sequence[Draft], error: Exception) -> list[Outcome]:
    logger.warning("commit_failed", extra={"messages": len(drafts), "error": repr(error)})
    return [error] * len(drafts)


def _of_one(error: Exception) -> bool:
    return _waited(error) or not isinstance(error, OperationalError | InterfaceError)


def _waited(error: Exception) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _ONE_FAULTY


def _store(drafts: Sequence[Draft], *, waited: bool = False) -> tuple[list[Outcome], list[Entry]]:
    with write():
        if waited:
            wait_for_locks(PART_LOCK_PATIENCE)
        # Locks in the order of all transactions: users, channels, apps, keys; the log's counter last.
        locked = lock(
            {draft.sender for draft in drafts},
            {draft.channel for draft in drafts},
            {draft.key for draft in drafts if draft.key is not None},
        )
        sent = SendKeys(drafts, locked.keys)
        now = log.now_ms()
        rights = SendRights(drafts, locked.users, locked.channels, locked.stays, now)
        outcomes: list[Outcome | None] = []
        fresh: list[tuple[int, Draft, int | None]] = []
        repeats: list[tuple[int, int]] = []
        for index, draft in enumerate(drafts):
            outcome = sent.earlier(draft)
            if outcome is None:
                try:
                    fresh.append((index, draft, rights.admit(draft)))
                    sent.admitted(index, draft)
                except ChatError as refusal:
                    outcome = refusal
            elif isinstance(outcome, int):
                repeats.append((index, outcome))
                outcome = None
            outcomes.append(outcome)
        entries = _insert(fresh, outcomes, locked, now) if fresh else []
        for index, first in repeats:
            stored = outcomes[first]
            assert isinstance(stored, Stored)
            outcomes[index] = replace(stored, repeated=True)
    return [outcome for outcome in outcomes if outcome is not None], entries


def _insert(
    fresh: Sequence[tuple[int, Draft, int | None]], outcomes: list[Outcome | None], locked: Locked, now: int
) -> list[Entry]:
    """Number the admitted drafts, store them, fill in their outcomes; returns the log's entries."""
    messages: list[Message] = []
    marks: dict[tuple[int, int], int] = {}
    for _, draft, reply_seq in fresh:
        channel = locked.channels[draft.channel]
        channel.last_seq += 1
        marks[draft.channel, draft.sender] = channel.last_seq
        messages.append(
            Message(
                channel_id=draft.channel,
                seq=channel.last_seq,
                sender_id=draft.sender,
                type=draft.type,
                text=draft.text,
                shown_as=draft.shown_as,
                reply_to=draft.reply_to,
                reply_seq=reply_seq,
                time=now,
            )
        )
    entries = [
        Entry(kind="msg", channel=draft.channel, app=draft.live_app, origin=draft.origin, time=now,
              header=_header(draft, locked.channels[draft.channel]), body=_body(row, locked.users[draft.sender], draft))
        for (_, draft, _), row in zip(fresh, messages, strict=True)
    ]  # fmt: skip
    last = _number([draft for _, draft, _ in fresh], messages, marks)
    for row, entry in zip(messages, entries, strict=True):
        entry.ref, entry.body["id"] = row.pk, str(row.pk)
    placing = log.insert_entries(entries, last)
    for (index, draft, _), row, entry in zip(fresh, messages, entries, strict=True):
        row.position = entry.position
        outcomes[index] = Stored(draft.channel, row.pk, row.seq, row.time, row.position, False, draft.remember)
    execute_batch([*placing, *insertions(Message, _STORED, list(map(_stored_values, messages)))])
    return entries


def _number(drafts: Sequence[Draft], messages: Sequence[Message], marks: dict[tuple[int, int], int]) -> int:
    """Store the keys of what is new, which gives the messages their ids; then take positions of the log, up to the
    one that is returned. `marks`: the last number of each sender in each channel.
    """
    # Inserted in one order everywhere: two transactions with the same keys crossed must not wait for each other.
    idempotency.claim([draft.claim for draft in drafts if draft.claim is not None])
    message_keys = [
        (draft.sender, draft.client_id, draft.channel, row.seq) for draft, row in zip(drafts, messages, strict=True)
    ]
    message_keys.sort(key=lambda key: (key[0], key[1] or ""))
    last = {channel: seq for (channel, _), seq in sorted(marks.items(), key=lambda mark: mark[1])}
    now = messages[0].time
    statements = [
        insertion(
            MessageKey, ("sender", "client_id", "channel", "seq"), message_keys, returning=("id", "channel", "seq")
        ),
        Statement(
            f"UPDATE {Channel._meta.db_table} SET last_seq = given.column2, active_at = %s"
            f" FROM (VALUES {', '.join(['(%s, %s)'] * len(last))}) AS given WHERE id = given.column1",
            [now, *(value for mark in sorted(last.items()) for value in mark)],
        ),
        insertion(
            ReadMark,
            ("channel", "user", "seq", "said_at"),
            [(channel, user, seq, now) for (channel, user), seq in sorted(marks.items())],
            "ON CONFLICT (user_id, channel_id) DO UPDATE SET seq = excluded.seq, said_at = excluded.said_at",
        ),
        log.reserve_positions(len(messages)),
    ]
    guarded = [(draft, row) for draft, row in zip(drafts, messages, strict=True) if draft.guard is not None]
    # A guard's key tells the id, and may have to wait for another's, as nothing may that comes after the counter.
    made, *_ = answers = execute_batch(statements[:-1] if guarded else statements)
    ids = {(channel, seq): pk for pk, channel, seq in made}
    for row in messages:
        row.pk = ids[row.channel_id, row.seq]
    if guarded:
        hold(
            (draft.guard, Stored(row.channel_id, row.pk, row.seq, now, remembered=draft.remember))
            for draft, row in guarded
            if draft.guard is not None
        )
        answers = execute_batch(statements[-1:])
    return int(answers[-1][0][0])


def _header(draft: Draft, channel: Channel) -> dict[str, list[int]]:
    header = rules.route(channel.pair)
    if draft.skip is not None:
        header["skip"] = [draft.skip]
    if draft.receipt:
        header["receipt"] = list(draft.receipt)
    return header


_STORED = ("id", "channel", "seq", "sender", "type", "text", "shown_as", "reply_to", "reply_seq", "position", "time")
_stored_values = attrgetter(*(attribute(Message, field, "attname") for field in _STORED))


def _body(row: Message, sender: User, draft: Draft) -> dict[str, object]:
    body = payloads.message(row, sender)
    del body["position"]  # It has none yet; the encoder adds it. Its id is filled in as soon as it has one.
    if draft.push_seq:
        body["pushSeq"] = draft.push_seq
    return body
