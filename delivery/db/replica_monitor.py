"""Measures once a second how far the replica is behind, and whether it can be used at all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

from django.db import Error, InterfaceError, OperationalError, connection, connections

from delivery import metrics
from delivery.db.executors import run_probe
from delivery.db.replica import (
    REPLICA_ALIAS,
    NoReplica,
    WalPosition,
    health,
    primary_position,
    replica_position,
)
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
AWAY_SECONDS = 5.0
"""Seconds for which a replica that did not answer is left alone."""
MAX_LAG_SECONDS = 0.5
"""Lag above which the replica is not asked at all."""
_MAX_SAMPLES = 3600
_IDENTITY = "SELECT system_identifier, current_database() FROM pg_control_system()"


class ReplicaMonitor:
    """Keeps `delivery.db.replica.health` and the metrics of the replica up to date."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, WalPosition]] = deque(maxlen=_MAX_SAMPLES)
        """Monotonic times, and the primary's positions then, that the replica had not reached at its last answer."""

    async def run(self) -> None:
        try:
            while True:
                try:
                    await run_probe(self.measure)
                except Exception:
                    # The primary answers everything then.
                    health.record_failure()
                    logger.exception("replica_monitor_error")
                await asyncio.sleep(AWAY_SECONDS if health.state == "away" else INTERVAL_SECONDS)
        finally:
            health.state = "away"

    def measure(self) -> None:
        """Compare the two servers. While the primary does not answer, nothing changes."""
        try:
            self._compare()
        except (Error, NoReplica) as error:
            logger.warning("replica_away", extra={"error": str(error)})
            health.record_failure()

    def _compare(self) -> None:
        try:
            position, identity = primary_position(), _identity(connection.alias)
        except (OperationalError, InterfaceError):
            return
        if not self._samples or self._samples[-1][1] != position:
            self._samples.append((time.monotonic(), position))
        replayed = replica_position()
        if _identity(REPLICA_ALIAS) != identity:
            raise NoReplica("it belongs to another PostgreSQL, or has another database")
        if replayed.timeline != position.timeline:
            raise NoReplica(f"it is on timeline {replayed.timeline}, the primary on {position.timeline}")
        self._record(replayed)

    def _record(self, replayed: WalPosition) -> None:
        # Positions of a former timeline were on a primary that has failed.
        while self._samples and (
            replayed.includes(self._samples[0][1]) or self._samples[0][1].timeline != replayed.timeline
        ):
            self._samples.popleft()
        lag = time.monotonic() - self._samples[0][0] if self._samples else 0.0
        health.state = "behind" if lag > MAX_LAG_SECONDS else "ok"
        metrics.REPLICA_LAG.set(lag)
        metrics.REPLICA_AWAY.set(0)
        log_recovery(logger, "replica_away")


def _identity(alias: str) -> tuple[object, ...]:
    """Return the system and the database that the connection leads to; a replica has those of its primary."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_IDENTITY)
        return tuple(cursor.fetchone())
