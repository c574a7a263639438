"""Closes connections when the session or token that they logged in with expires: one heap and one timer per process."""

from __future__ import annotations

import asyncio
import heapq
import math
import time

from delivery.hub.connection import Connection

EXPIRED = "expired"
"""The close reason. It differs from that of a sign-out, so that the client may log in again with a renewed session."""
MAX_SLEEP_SECONDS = 5.0
"""Seconds between two checks of the clock, which may be changed, and timers stop while a machine sleeps."""
_STALE_TOLERANCE = 64
"""Entries of ended connections that the heap may hold, in addition to one for each open connection."""


class ExpiryTimer:
    """Watches logged-in connections and closes each with 4001 at its `expires_at`. On the event loop only."""

    def __init__(self) -> None:
        self._watched: dict[str, Connection] = {}
        self._due: dict[str, float] = {}
        """The time of each watched connection's entry in the heap. It may expire later, because it was extended."""
        self._heap: list[tuple[float, str]] = []
        """Time and connection id, of connections that have ended too."""
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, connection: Connection) -> None:
        """Close the connection when it expires, at once if that has passed. Does nothing without `expires_at`.

        Call it again when `expires_at` has changed.
        """
        if connection.expires_at is None:
            return
        self._watched[connection.id] = connection
        if self._due.get(connection.id, math.inf) > connection.expires_at:
            entry = self._push(connection.expires_at, connection.id)
            if self._heap[0] is entry:
                self._schedule()

    def _push(self, at: float, connection_id: str) -> tuple[float, str]:
        """Check the connection at this time, instead of at that of its present entry."""
        self._due[connection_id] = at
        entry = (at, connection_id)
        heapq.heappush(self._heap, entry)
        return entry

    def forget(self, connection: Connection) -> None:
        """Stop watching a connection that has ended."""
        if self._watched.pop(connection.id, None) is None:
            return
        del self._due[connection.id]
        if len(self._heap) > 2 * len(self._watched) + _STALE_TOLERANCE:
            self._heap = [entry for entry in self._heap if self._due.get(entry[1]) == entry[0]]
            heapq.heapify(self._heap)
        if not self._watched:
            self._heap.clear()
            self._schedule()

    def _schedule(self) -> None:
        """Set the timer for the next connection to expire; without any there is none."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._heap and self._heap[0][1] not in self._watched:
            heapq.heappop(self._heap)
        if self._heap:
            pause = min(max(0.0, self._heap[0][0] - time.time()), MAX_SLEEP_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(pause, self._close_expired)

    def _close_expired(self) -> None:
        self._timer = None
        while self._heap and self._heap[0][0] <= time.time():
            at, connection_id = heapq.heappop(self._heap)
            connection = self._watched.get(connection_id)
            if connection is None or connection.expires_at is None or self._due[connection_id] != at:
                continue
            if connection.expires_at > at:
                self._push(connection.expires_at, connection_id)
                continue
            self.forget(connection)
            connection.close(4001, EXPIRED)
        self._schedule()
