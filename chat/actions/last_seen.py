"""Records when, where and on which app each session or token was last used: in batches, outside of requests.

A request that only reads must not wait for the database's write lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from django.db import DatabaseError

from accounts.actions import devices_record_use, devices_touch
from delivery.db.executors import run_background
from delivery.hub.connection import Connection
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

_FLUSH_INTERVAL_SECONDS = 5.0
"""Seconds between writes of collected uses."""
_REFRESH_INTERVAL_SECONDS = 300.0
"""Seconds between writes for connections that stay open."""
_MAX_PENDING = 20_000
"""Credentials collected at most. A process without a node writes none."""

_pending: dict[str, tuple[int | None, str | None]] = {}
"""Credential to app number and address of its last use; None if unknown."""


def record_login(connection: Connection) -> None:
    """Collect the log-in of a connection for the next `flush`. Does no I/O."""
    if connection.credential:
        record_use(connection.credential, app=connection.app, address=connection.address)


def record_use(credential: str, *, app: int | None = None, address: str | None = None) -> None:
    """Collect the use of a credential for the next `flush`. Does no I/O. Thread-safe."""
    known_app, known_address = _pending.get(credential, (None, None))
    if len(_pending) < _MAX_PENDING or credential in _pending:
        _pending[credential] = (known_app if app is None else app, address or known_address)


async def run_flush_loop(connections: Callable[[], Iterable[Connection]]) -> None:
    """Write collected uses, and periodically the sessions still in use, until cancelled."""
    looked = time.monotonic()
    while True:
        await asyncio.sleep(_FLUSH_INTERVAL_SECONDS)
        try:
            await flush()
            if time.monotonic() - looked >= _REFRESH_INTERVAL_SECONDS:
                looked = time.monotonic()
                await run_background(
                    devices_touch, active_credentials(connections(), looked - _REFRESH_INTERVAL_SECONDS)
                )
        except DatabaseError as error:
            logger.warning("last_seen_write_failed", extra={"error": type(error).__name__})
        else:
            log_recovery(logger, "last_seen_write_failed")


async def flush() -> None:
    """Write everything collected so far. After a database error it is kept for the next call."""
    # Other threads may add to it meanwhile.
    uses = dict(_pending.popitem() for _ in range(len(_pending)))
    if not uses:
        return
    try:
        await run_background(devices_record_use, uses)
    except DatabaseError:
        for credential, use in uses.items():
            _pending.setdefault(credential, use)
        raise


def active_credentials(connections: Iterable[Connection], since: float) -> set[str]:
    """Return the credentials whose connections have sent something since the given monotonic time."""
    return {
        connection.credential
        for connection in connections
        if connection.is_attached and connection.credential and connection.last_seen_at >= since
    }
