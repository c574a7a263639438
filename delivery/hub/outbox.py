"""What waits to be written to one connection: bounded, gathered under load, given up when the reader is too slow.

An idle connection gets its frame at once. One that was written to within the last window waits for the next tick of a
timer that all outboxes of the process share, or until half of its place is full, and then gets all it has in one go:
fewer writes is what saves CPU.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Frame = str | bytes
Write = Callable[[list[Frame]], Awaitable[None]]


class Ticker:
    """One timer for all outboxes; it runs only while one of them waits."""

    def __init__(self, window: float) -> None:
        self.window = window
        self.tick = 0
        self._waiting: list[Outbox] = []
        self._running = False

    def wait(self, outbox: Outbox) -> None:
        self._waiting.append(outbox)
        self.start()

    def start(self) -> None:
        """See that `tick` moves on within one window from now."""
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_later(self.window, self._fire)

    def _fire(self) -> None:
        self._running = False
        self.tick += 1
        waiting, self._waiting = self._waiting, []
        for outbox in waiting:
            outbox.wake()


class Outbox:
    """Frames on their way to one connection, in order. `run` writes them; `put` never waits.

    Past `limit` bytes, `on_overflow` is called once and everything that waits is dropped.
    """

    __slots__ = (
        "_frames",
        "_last_tick",
        "_limit",
        "_on_empty",
        "_on_overflow",
        "_roomy",
        "_size",
        "_stopped",
        "_ticker",
        "_waker",
        "_woken",
    )

    def __init__(self, ticker: Ticker, limit: int, on_overflow: Callable[[], None]) -> None:
        self._ticker = ticker
        self._limit = limit
        self._on_overflow = on_overflow
        self._frames: list[Frame] = []
        self._size = 0
        self._last_tick = -1
        self._woken = False
        self._stopped = False
        self._waker: asyncio.Future[None] | None = None
        self._on_empty: Callable[[], None] | None = None
        self._roomy: asyncio.Future[None] | None = None

    def put(self, frame: Frame, *, now: bool = False) -> None:
        """Queue a frame; `now` (an answer somebody waits for) goes without waiting for the tick, and all before it."""
        if self._stopped:
            return
        frames = self._frames
        frames.append(frame)
        # A character of other scripts has up to three bytes on the wire; asking costs nothing, encoding would.
        self._size += len(frame) if isinstance(frame, bytes) or frame.isascii() else 3 * len(frame)
        if self._size > self._limit:
            self.stop()
            self._on_overflow()
        elif now or self._size * 2 > self._limit:
            # So much does not wait for the tick: who reads well must not be given up for what gathers until then.
            self.wake()
        elif len(frames) == 1 and not self._woken:
            if self._last_tick == self._ticker.tick:
                self._ticker.wait(self)
            else:
                self.wake()

    def wake(self) -> None:
        """Have `run` write what waits, now."""
        self._woken = True
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    @property
    def idle(self) -> bool:
        """Whether everything put so far has been written."""
        return not self._size

    def when_empty(self, callback: Callable[[], None]) -> None:
        """Call back once what waits, and what is put before that, has been written."""
        self._on_empty = callback

    async def room(self) -> None:
        """Wait until no more than half of the limit waits, or it has stopped: then another answer is asked for."""
        while self._size * 2 > self._limit and not self._stopped:
            self._roomy = asyncio.get_running_loop().create_future()
            await self._roomy

    def _make_known(self) -> None:
        if self._roomy is not None and not self._roomy.done():
            self._roomy.set_result(None)

    def stop(self) -> None:
        """Drop what waits, accept nothing more, and let `run` end."""
        self._stopped = True
        self._frames = []
        self._size = 0
        self.wake()
        self._make_known()

    async def run(self, write: Write) -> None:
        """Write until stopped. `write` gets the frames that go out together."""
        loop = asyncio.get_running_loop()
        while not self._stopped:
            if not self._woken:
                self._waker = loop.create_future()
                await self._waker
                continue
            self._woken = False
            if not self._frames:
                continue
            frames, self._frames = self._frames, []
            # Counted until it is written: a reader that has stopped must not hide a full batch from the limit.
            written = self._size
            self._last_tick = self._ticker.tick
            self._ticker.start()
            await write(frames)
            self._size -= written
            self._make_known()
            if self._frames and not self._stopped:
                self._ticker.wait(self)
            elif self._on_empty is not None:
                self._on_empty()
