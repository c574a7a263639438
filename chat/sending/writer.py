"""Commit batches of messages: load, decide, store, then publish.

A message is announced after its transaction has committed, never before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from django.db import IntegrityError, InterfaceError, OperationalError

from chat.sending.decide import decide
from chat.sending.drafts import Draft, Outcome
from chat.sending.load import load
from chat.sending.store import store
from delivery import log, metrics, publish, tracing
from delivery.db.transactions import set_lock_timeout, write
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.rate_limits.declared import CHANNEL_SENDS

logger = logging.getLogger(__name__)

HALVING_TIMEOUT_SECONDS = 4.0
"""Seconds after a batch's failure in which its halves are tried.

Drafts not tried by then fail; their keys make a retry safe. Without this limit each half would wait again for a locked
log counter, and the queue would wait with it.
"""
HALF_LOCK_TIMEOUT_SECONDS = 0.25
"""Seconds that halves of a timed-out batch wait for a lock, on PostgreSQL. The whole batch has already waited for
`lock_timeout`.
"""
_TIMEOUT_SQLSTATES = {"55P03", "40P01", "40001", "57014"}
"""SQLSTATEs of a batch that needs a row locked by another transaction.

Lock not available, deadlock, serialization failure, and a statement cancelled by the operator's `statement_timeout`.
"""


Announce = Callable[[Sequence[Draft], list[Outcome], list[Entry]], None]
"""Is called after a transaction has committed, with its drafts, their outcomes, and its events."""
TakeChannel = Callable[[Draft], float]
"""Counts a draft against its channel; see `Permissions`."""


def _publish(drafts: Sequence[Draft], outcomes: list[Outcome], entries: list[Entry]) -> None:
    publish.publish_committed(entries)


def commit(drafts: Sequence[Draft], announce: Announce = _publish) -> list[Outcome]:
    """Store the drafts in one transaction and announce their events; return the outcome of each, in order.

    Refusals and database errors are outcomes; they are not raised. A refused draft does not affect the others. If the
    database rejects the batch, it is halved until the faulty draft is alone, for at most HALVING_TIMEOUT_SECONDS.
    """
    with _span_of(drafts):
        return _commit(drafts, announce, _take_each_once())


def _take_each_once() -> TakeChannel:
    """Return the function that counts drafts, each once: their batch may be tried several times."""
    counted: set[int] = set()

    def take(draft: Draft) -> float:
        if id(draft) in counted:
            return 0.0
        if not (wait := CHANNEL_SENDS.take(draft.channel)):
            counted.add(id(draft))
        return wait

    return take


def _span_of(drafts: Sequence[Draft]) -> AbstractContextManager[tracing.Span | None]:
    """Return the span of a commit, in the trace of its first draft that has one, linked with those of the others."""
    traces = [draft.trace for draft in drafts if draft.trace is not None]
    parent = traces[0] if traces else None
    return tracing.span("commit", parent=parent, links=traces[1:], messages=len(drafts))


def _commit(
    drafts: Sequence[Draft],
    announce: Announce,
    take_channel: TakeChannel,
    *,
    deadline: float | None = None,
    timed_out: bool = False,
    retried: bool = False,
) -> list[Outcome]:
    """Commit a batch or a part of it.

    `deadline`: monotonic time at which halving ends; None for a whole batch. `timed_out`: a batch with these drafts has
    timed out waiting for a lock. `retried`: this is the second attempt after an IntegrityError.
    """
    began = time.monotonic()
    try:
        with write():
            if timed_out:
                set_lock_timeout(HALF_LOCK_TIMEOUT_SECONDS)
            with tracing.span("load"):
                loaded = load(drafts)
            with tracing.span("decide"):
                decision = decide(drafts, loaded, log.now_ms(), take_channel)
            with tracing.span("store", new=len(decision.new)):
                store(decision.new)
    except Exception as error:
        if len(drafts) > 1 and _may_be_caused_by_one_draft(error):
            deadline = time.monotonic() + HALVING_TIMEOUT_SECONDS if deadline is None else deadline
            timed_out = timed_out or _has_timed_out(error)
            return _commit_halves(drafts, announce, take_channel, error, deadline, timed_out=timed_out)
        if isinstance(error, IntegrityError) and not retried:
            # Another transaction stored one of the keys after it was looked up; the next look finds it.
            return _commit(drafts, announce, take_channel, deadline=deadline, timed_out=timed_out, retried=True)
        return _fail(drafts, error)
    log_recovery(logger, "commit_failed")
    metrics.COMMIT_SECONDS.observe(time.monotonic() - began)
    metrics.COMMIT_MESSAGES.observe(len(drafts))
    outcomes = decision.outcomes()
    announce(drafts, outcomes, [message.entry for message in decision.new])
    return outcomes


def _commit_halves(
    drafts: Sequence[Draft],
    announce: Announce,
    take_channel: TakeChannel,
    error: Exception,
    deadline: float,
    *,
    timed_out: bool,
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for half in (drafts[: len(drafts) // 2], drafts[len(drafts) // 2 :]):
        if time.monotonic() < deadline:
            outcomes += _commit(half, announce, take_channel, deadline=deadline, timed_out=timed_out)
        else:
            outcomes += _fail(half, OperationalError(f"no time is left after {error!r}"))
    return outcomes


def _fail(drafts: Sequence[Draft], error: Exception) -> list[Outcome]:
    logger.warning("commit_failed", extra={"messages": len(drafts), "error": repr(error)})
    metrics.COMMIT_FAILURES.inc()
    return [error] * len(drafts)


def _may_be_caused_by_one_draft(error: Exception) -> bool:
    """Return whether smaller batches may succeed; not if the database itself is unreachable."""
    return _has_timed_out(error) or not isinstance(error, OperationalError | InterfaceError)


def _has_timed_out(error: Exception) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _TIMEOUT_SQLSTATES
