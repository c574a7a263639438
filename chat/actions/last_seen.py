"""When, where and on which app each sign-in was last used: noted beside the work, many in one transaction."""

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

_PAUSE = 5.0
"""Seconds for which log-ins are gathered."""
_IN_USE = 300.0
"""Seconds between two notes that what is still connected is in use."""

_noted: dict[str, tuple[int, str]] = {}


def note(connection: Connection) -> None:
    """A connection has logged in. Costs nothing here; on the event loop."""
    if connection.credential:
        _noted[connection.credential] = (connection.app, connection.address)


async def keep(connections: Callable[[], Iterable[Connection]]) -> None:
    """Write down what was noted, and from time to time what is connected still. Runs until it is cancelled."""
    looked = time.monotonic()
    while True:
        await asyncio.sleep(_PAUSE)
        try:
            await write_down()
            if time.monotonic() - looked >= _IN_USE:
                looked = time.monotonic()
                await run(devices_touch, in_use(connections(), looked - _IN_USE))
        except DatabaseError as error:
            logger.warning("last_seen_write_failed", extra={"error": type(error).__name__})


async def write_down() -> None:
    """All that was noted so far."""
    if _noted:
        some = dict(_noted)
        _noted.clear()
        await run(devices_record_use, some)


def in_use(connections: Iterable[Connection], since: float) -> set[str]:
    """The credentials by which somebody is here and has said something since then, by the monotonic clock."""
    return {
        connection.credential
        for connection in connections
        if connection.attached and connection.credential and connection.last_seen >= since
    }
