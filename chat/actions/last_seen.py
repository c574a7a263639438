"""Records when, where and on which app each session was last used: in batches, outside of requests."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from django.db import DatabaseError

from accounts.actions import devices_record_use, devices_touch
from delivery.db.executors import run
from delivery.hub.connection import Connection

logger = logging.getLogger(__name__)

_FLUSH_INTERVAL_SECONDS = 5.0
"""Seconds between writes of collected log-ins."""
_REFRESH_INTERVAL_SECONDS = 300.0
"""Seconds between writes for connections that stay open."""

_pending: dict[str, tuple[int, str]] = {}


def record_login(connection: Connection) -> None:
    """Collect the log-in of a connection for the next `flush`. Runs on the event loop and does no I/O."""
    if connection.credential:
        _pending[connection.credential] = (connection.app, connection.address)


async def run_flush_loop(connections: Callable[[], Iterable[Connection]]) -> None:
    """Write collected log-ins, and periodically the sessions still in use, until cancelled."""
    looked = time.monotonic()
    while True:
        await asyncio.sleep(_FLUSH_INTERVAL_SECONDS)
        try:
            await flush()
            if time.monotonic() - looked >= _REFRESH_INTERVAL_SECONDS:
                looked = time.monotonic()
                await run(devices_touch, active_credentials(connections(), looked - _REFRESH_INTERVAL_SECONDS))
        except DatabaseError as error:
            logger.warning("last_seen_write_failed", extra={"error": type(error).__name__})


async def flush() -> None:
    """Write everything collected so far."""
    if _pending:
        batch = dict(_pending)
        _pending.clear()
        await run(devices_record_use, batch)


def active_credentials(connections: Iterable[Connection], since: float) -> set[str]:
    """Return the credentials whose connections have sent something since the given monotonic time."""
    return {
        connection.credential
        for connection in connections
        if connection.is_attached and connection.credential and connection.last_seen_at >= since
    }
