"""One timer for all outboxes of a process: it gathers what leaves together."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from delivery.hub.segments import BatchCache

if TYPE_CHECKING:
    from delivery.hub.outbox import Outbox

WRITES_PER_SECOND = 6000
"""Writes at ticks above which the window grows: about a tenth of a core."""
WRITING_SECONDS = 0.02
"""Seconds for which outboxes write before other work of the event loop has its turn."""


def _do_nothing() -> None:
    """Do nothing."""


class Ticker:
    """Makes outboxes write: those that wait for the tick, and those with something urgent. Idle, it has no timer.

    A tick comes `window_seconds` after the one before it. If more outboxes write at a tick than WRITES_PER_SECOND allow
    in that time, the next one comes later, by up to `max_window_seconds`: a write costs the same whatever its size.
    """

    def __init__(self, window_seconds: float, max_window_seconds: float = 0.0) -> None:
        self._window = self._min_window = window_seconds
        self._max_window = max(window_seconds, max_window_seconds)
        self.tick = 0
        self._waiting: list[Outbox] = []
        self._due: deque[Outbox] = deque()
        """Outboxes that are to write now."""
        self._is_writing = False
        """True if the next turn of the event loop lets them write."""
        self._running = False
        self.on_tick: Callable[[], None] = _do_nothing
        """Called at each tick, before outboxes write."""
        self.batches = BatchCache()
        """Batches of segments, until the tick."""

    @property
    def window_seconds(self) -> float:
        """Return the seconds until the next tick, when one is needed."""
        return self._window

    def write_at_tick(self, outbox: Outbox) -> None:
        """Make the outbox write at the next tick."""
        self._waiting.append(outbox)
        self.ensure_running()

    def write_soon(self, outbox: Outbox) -> None:
        """Make the outbox write in the next turn of the event loop, after those that are due already."""
        self._write_soon((outbox,))

    def _write_soon(self, outboxes: Sequence[Outbox]) -> None:
        self._due.extend(outboxes)
        if self._due and not self._is_writing:
            self._is_writing = True
            asyncio.get_running_loop().call_soon(self._write_due)

    def _write_due(self) -> None:
        """Let outboxes write, and leave those for which the time is too short to the next turn."""
        self._is_writing = False
        due, end = self._due, time.monotonic() + WRITING_SECONDS
        # Those that become due meanwhile have the next turn.
        for _ in range(len(due)):
            due.popleft().write_queued()
            if time.monotonic() > end:
                break
        self._write_soon(())

    def ensure_running(self) -> None:
        """Make `tick` advance within one window from now."""
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_later(self._window, self._advance)

    def _advance(self) -> None:
        self._running = False
        self.tick += 1
        self.on_tick()
        self.batches.clear()
        self._window = min(max(self._min_window, len(self._waiting) / WRITES_PER_SECOND), self._max_window)
        self.write_waiting()

    def write_waiting(self) -> None:
        """Make the outboxes that wait for the tick write in the next turn of the event loop, or the turns after it."""
        waiting, self._waiting = self._waiting, []
        self._write_soon(waiting)
