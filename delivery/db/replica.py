"""Reads from a streaming replica of PostgreSQL that are as fresh as reads from the primary.

`read_fresh` asks the primary for its position in the write-ahead log (WAL), and uses the replica only if that has
replayed the WAL up to there. The replica then has every transaction that was committed when the read began, also those
without an event, such as the deletions of retention. Otherwise the primary answers, so nobody is refused for a replica.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from delivery import metrics

logger = logging.getLogger(__name__)

REPLICA_ALIAS = "replica"
CHECK_TIMEOUT_SECONDS = 1.0
"""Seconds in which the replica must say how far it is."""
READ_TIMEOUT_SECONDS = 10.0
"""Seconds for one query on the replica. If the monitor gets no answer, all queries end at once."""
_WAITS_SECONDS = (0.0, 0.002, 0.005, 0.01)
"""Waits for a replica that is behind. Under load it is, by a few milliseconds, most of the time."""
# Transactions are visible after the flush of their commit, unless they do not wait for it.
_PRIMARY_POSITION = """
SELECT left(pg_walfile_name(position), 8), position FROM (SELECT
  CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
  ELSE pg_current_wal_flush_lsn() END AS position) AS present
"""
_REPLICA_POSITION = """
SELECT pg_is_in_recovery(), timeline_id, pg_last_wal_replay_lsn() FROM pg_control_checkpoint()
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WalPosition:
    """A position in the WAL. After a failover the servers that follow the new primary are on a new timeline."""

    timeline: int
    offset: int

    def includes(self, other: WalPosition) -> bool:
        """Return whether a server at this position has all that one at the other has."""
        return self.timeline == other.timeline and self.offset >= other.offset


class NoReplica(Exception):
    """The server does not follow the primary. The message says why."""


class _Thread(threading.local):
    alias = DEFAULT_DB_ALIAS
    """The database that the thread reads from."""
    timeout = READ_TIMEOUT_SECONDS


_thread = _Thread()


@dataclass(slots=True)
class Health:
    """The replica's state as this process knows it. Until its monitor says otherwise, it is away."""

    state: Literal["ok", "behind", "away"] = "away"
    silences: int = 0
    """The times that the replica did not say how far it is. Queries that wait for it meanwhile are given up."""

    def record_failure(self) -> None:
        self.state = "away"
        metrics.REPLICA_AWAY.set(1)


health = Health()


class ReplicaRouter:
    """Sends the queries in `read_fresh` to the replica, and all others to the primary."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return _thread.alias

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def is_configured() -> bool:
    return REPLICA_ALIAS in connections.settings


def query_timeout() -> float:
    """Return the seconds that a query of this thread may wait for the replica."""
    return _thread.timeout


def read_connection() -> BaseDatabaseWrapper:
    """Return the connection for queries in SQL, which the router does not see."""
    return connections[_thread.alias]


def read_fresh(read: Callable[[], T]) -> T:
    """Call `read`, whose queries go to the replica if that has all that the primary has, else to the primary.

    It only reads, and may be called a second time if the replica fails. In a transaction, which may have changed what
    it reads, it always reads from the primary.
    """
    if not is_configured() or connection.in_atomic_block:
        return read()
    if health.state != "ok":
        metrics.REPLICA_READS.labels(health.state).inc()
        return read()
    try:
        wanted = primary_position()
    except Error:
        return read()
    result = "behind"
    try:
        # The check and the queries go to the same server, also through PgBouncer.
        with _reading_from_replica(), transaction.atomic(using=REPLICA_ALIAS):
            if _reaches(wanted):
                found = read()
                metrics.REPLICA_READS.labels("replica").inc()
                return found
    except Error as error:
        logger.warning("replica_read_failed", extra={"error": str(error)})
        result = "failed"
        used = connections[REPLICA_ALIAS].connection
        # A replica cancels queries that hold up its replay; then it answers.
        if used is None or used.closed:
            health.record_failure()
    except NoReplica:
        result = "away"
    metrics.REPLICA_READS.labels(result).inc()
    return read()


@contextmanager
def _reading_from_replica() -> Iterator[None]:
    _thread.alias = REPLICA_ALIAS
    try:
        yield
    finally:
        _thread.alias = DEFAULT_DB_ALIAS


def _reaches(wanted: WalPosition) -> bool:
    for pause in _WAITS_SECONDS:
        time.sleep(pause)
        if replica_position().includes(wanted):
            return True
    return False


def primary_position() -> WalPosition:
    """Return the position up to which the primary has committed, at least."""
    with connection.cursor() as cursor:
        cursor.execute(_PRIMARY_POSITION)
        timeline, position = cursor.fetchone()
    return WalPosition(int(timeline, 16), _offset(position))


def replica_position() -> WalPosition:
    """Return the position up to which the replica has replayed. Raise NoReplica if it is a primary by now.

    Its timeline is that of its last restart point, so for some minutes after a failover it is the former one.
    """
    _thread.timeout = CHECK_TIMEOUT_SECONDS
    try:
        with connections[REPLICA_ALIAS].cursor() as cursor:
            cursor.execute(_REPLICA_POSITION)
            is_replica, timeline, position = cursor.fetchone()
    except Error:
        health.silences += 1
        raise
    finally:
        _thread.timeout = READ_TIMEOUT_SECONDS
    if not is_replica or position is None:
        raise NoReplica("it has been promoted, or is a server of its own")
    return WalPosition(timeline, _offset(position))


def _offset(position: str) -> int:
    """Return the number of bytes that a position such as 16/B374D848 stands for."""
    high, low = position.split("/")
    return int(high, 16) << 32 | int(low, 16)
