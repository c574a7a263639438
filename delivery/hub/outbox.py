"""The outbox of one connection: bounded in bytes, batched under load, dropped when the client reads too slowly.

An idle connection gets its frame at once. A connection that was written to within the last window waits for the next
tick of a timer that all outboxes of the process share, or until the outbox is half full, and then gets everything in
one write: fewer writes are what saves CPU.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Frame = str | bytes
Write = Callable[[list[Frame]], Awaitable[None]]


class Ticker:
    """One timer for all outboxes; it runs only while an outbox needs it."""

    def __init__(self, window_seconds: float) -> None:
        self.window_seconds = window_seconds
        self.tick = 0
        self._waiting: list[Outbox] = []
        self._running = False

    def wake_at_tick(self, outbox: Outbox) -> None:
        self._waiting.append(outbox)
        self.ensure_running()

    def ensure_running(self) -> None:
        """Make `tick` advance within one window from now."""
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_later(self.window_seconds, self._advance)

    def _advance(self) -> None:
        self._running = False
        self.tick += 1
        waiting, self._waiting = self._waiting, []
        for outbox in waiting:
            outbox.wake()


class Outbox:
    """Queue of frames to one connection, in order. `put` queues a frame and never waits; `run` writes them.

    Above `limit` bytes `on_overflow` is called once and all queued frames are dropped.
    """

    __slots__ = (
        "_frames",
        "_last_tick",
        "_limit",
        "_on_empty",
        "_on_overflow",
        "_room_waiter",
        "_size",
        "_stopped",
        "_ticker",
        "_wake_requested",
        "_wake_waiter",
    )

    def __init__(self, ticker: Ticker, limit: int, on_overflow: Callable[[], None]) -> None:
        self._ticker = ticker
        self._limit = limit
        self._on_overflow = on_overflow
        self._frames: list[Frame] = []
        self._size = 0
        self._last_tick = -1
        self._wake_requested = False
        self._stopped = False
        self._wake_waiter: asyncio.Future[None] | None = None
        self._on_empty: Callable[[], None] | None = None
        self._room_waiter: asyncio.Future[None] | None = None

    def put(self, frame: Frame, *, now: bool = False) -> None:
        """Queue a frame.

        With `now`, for replies, this frame and all before it are written without waiting for the tick.
        """
        if self._stopped:
            return
        frames = self._frames
        frames.append(frame)
        # Other scripts take up to three bytes per character on the wire. Checking is free, encoding would not be.
        self._size += len(frame) if isinstance(frame, bytes) or frame.isascii() else 3 * len(frame)
        if self._size > self._limit:
            self.stop()
            self._on_overflow()
        elif now or self._size * 2 > self._limit:
            # A fast reader must not be dropped for what gathers until the next tick.
            self.wake()
        elif len(frames) == 1 and not self._wake_requested:
            if self._last_tick == self._ticker.tick:
                self._ticker.wake_at_tick(self)
            else:
                self.wake()

    def wake(self) -> None:
        """Make `run` write all queued frames now."""
        self._wake_requested = True
        if self._wake_waiter is not None and not self._wake_waiter.done():
            self._wake_waiter.set_result(None)

    @property
    def is_idle(self) -> bool:
        """Return whether every frame has been written."""
        return not self._size

    def call_when_empty(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each write that leaves no frame queued; not now if the outbox is idle.

        It replaces an earlier callback.
        """
        self._on_empty = callback

    async def wait_for_room(self) -> None:
        """Wait until at most half of the limit is used, or until the outbox has stopped."""
        while self._size * 2 > self._limit and not self._stopped:
            self._room_waiter = asyncio.get_running_loop().create_future()
            await self._room_waiter

    def _notify_room_waiter(self) -> None:
        if self._room_waiter is not None and not self._room_waiter.done():
            self._room_waiter.set_result(None)

    def stop(self) -> None:
        """Drop queued frames, accept no more, and make `run` return."""
        self._stopped = True
        self._frames = []
        self._size = 0
        self.wake()
        self._notify_room_waiter()

    async def run(self, write: Write) -> None:
        """Write frames until stopped. `write` gets the frames to send in one write."""
        loop = asyncio.get_running_loop()
        while not self._stopped:
            if not self._wake_requested:
                self._wake_waiter = loop.create_future()
                await self._wake_waiter
                continue
            self._wake_requested = False
            if not self._frames:
                continue
            frames, self._frames = self._frames, []
            # These bytes count until they are written: a stalled reader must not hide a full batch from the limit.
            written = self._size
            self._last_tick = self._ticker.tick
            self._ticker.ensure_running()
            await write(frames)
            self._size -= written
            self._notify_room_waiter()
            if self._frames and not self._stopped:
                self._ticker.wake_at_tick(self)
            elif self._on_empty is not None:
                self._on_empty()
