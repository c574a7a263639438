"""Pings of all WebSocket connections, from one timer. A timer for each takes half a kibibyte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

MAX_PINGS_AT_ONCE = 200
"""Connections handled before other work of the event loop has its turn."""
_TICKS = 50
"""Parts of an interval. Pings that are due in the same part are sent together."""


class Pinged(Protocol):
    """A connection that is pinged."""

    def send_keepalive_ping(self) -> None:
        """Send a ping. Then call `await_pong`, or nothing if the connection is closing."""

    def keepalive_timeout(self) -> None:
        """End the connection, because the ping was not answered in time."""


class _Queue:
    """Connections in the order in which their time comes: it is equally long for all."""

    def __init__(self, seconds: float, due: Callable[[Pinged], None]) -> None:
        self._seconds = seconds
        self._due = due
        self._times: dict[Pinged, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: Pinged) -> None:
        self._times[connection] = asyncio.get_running_loop().time() + self._seconds
        if self._timer is None:
            self._schedule()

    def discard(self, connection: Pinged) -> None:
        self._times.pop(connection, None)

    def _schedule(self) -> None:
        self._timer = None
        if self._times:
            loop = asyncio.get_running_loop()
            first = next(iter(self._times.values())) + self._seconds / _TICKS
            self._timer = loop.call_later(max(0.0, first - loop.time()), self._handle_due)

    def _handle_due(self) -> None:
        now = asyncio.get_running_loop().time()
        due: list[Pinged] = []
        for connection, time in self._times.items():
            if time > now or len(due) == MAX_PINGS_AT_ONCE:
                break
            due.append(connection)
        try:
            for connection in due:
                if self._times.pop(connection, None) is not None:
                    self._due(connection)
        finally:
            # A fault of one connection must not end the pings of all.
            self._schedule()


class Keepalive:
    """Pings each connection `interval` seconds after its last pong; ends it if a pong takes longer than `timeout`."""

    def __init__(self, interval: float, timeout: float) -> None:
        self._pings = _Queue(interval, lambda connection: connection.send_keepalive_ping())
        self._pongs = _Queue(timeout, lambda connection: connection.keepalive_timeout())

    def schedule_ping(self, connection: Pinged) -> None:
        """Ping the connection after an interval. Its last ping, if any, has been answered."""
        self._pongs.discard(connection)
        self._pings.add(connection)

    def await_pong(self, connection: Pinged) -> None:
        """End the connection after the timeout, unless `schedule_ping` or `stop` is called."""
        self._pongs.add(connection)

    def stop(self, connection: Pinged) -> None:
        self._pings.discard(connection)
        self._pongs.discard(connection)
