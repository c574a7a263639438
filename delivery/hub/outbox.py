"""The outbox of one connection: bounded in bytes, batched under load, dropped when the client reads too slowly.

An idle connection gets its frame at once. A connection that was written to within the last window waits for the next
tick of a timer that all outboxes of the process share, or until the outbox is half full, and then gets everything in
one write: fewer writes are what saves CPU.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from delivery.hub.segments import Batch, Frame, Segment, Slice, merged_frames, wire_size

if TYPE_CHECKING:
    from delivery.hub.connection import Connection

Write = Callable[[Batch], Awaitable[None]]


def _do_nothing() -> None:
    """Do nothing."""


class Ticker:
    """One timer for all outboxes; it runs only while an outbox needs it."""

    def __init__(self, window_seconds: float) -> None:
        self.window_seconds = window_seconds
        self.tick = 0
        self._waiting: list[Outbox] = []
        self._running = False
        self.on_tick: Callable[[], None] = _do_nothing
        """Called at each tick, before outboxes are woken."""
        self._batches: dict[tuple[tuple[Segment, int, int], ...], Batch] = {}

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
        self.on_tick()
        self._batches.clear()
        self.wake_waiting()

    def wake_waiting(self) -> None:
        """Make the outboxes that wait for the tick write now."""
        waiting, self._waiting = self._waiting, []
        for outbox in waiting:
            outbox.wake()

    def shared_batch(self, slices: list[Slice]) -> Batch:
        """Return the batch with the frames of these slices. Outboxes with equal slices get the same one until the
        tick.
        """
        key = tuple(piece.key for piece in slices)
        batch = self._batches.get(key)
        if batch is None:
            batch = self._batches[key] = Batch(merged_frames(slices))
        return batch


class Outbox:
    """Queue of frames to one connection, in order. `put` queues a frame and never waits; `run` writes them.

    The end of the queue may be slices of shared segments that still grow (`follow`).

    Above `limit` bytes `on_overflow` is called once and all queued frames are dropped.
    """

    __slots__ = (
        "_frames",
        "_is_writing",
        "_last_tick",
        "_limit",
        "_on_empty",
        "_on_overflow",
        "_room_waiter",
        "_size",
        "_slices",
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
        self._slices: list[Slice] = []
        """The end of the queue: it comes after `_frames`."""
        self._size = 0
        """Bytes of `_frames` and of the frames being written."""
        self._is_writing = False
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
        self.unfollow()
        if self._stopped:
            return
        frames = self._frames
        frames.append(frame)
        self._size += wire_size(frame)
        self._check_size()
        if now:
            self.wake()
        elif len(frames) == 1:
            self._schedule()

    @property
    def can_follow(self) -> bool:
        """Return whether the client reads, and followed frames have room beside the queued ones."""
        return not self._is_writing and self._size * 2 <= self._limit

    def follow(self, segment: Segment, connection: Connection) -> None:
        """Queue all frames that are added to the segment from now on, until the next write or `unfollow`.

        `connection` is the owner, which the segment's feed then lists as missing.
        """
        if any(piece.segment.feed.has_ended for piece in self._slices):
            self.unfollow()
        if self._stopped:
            return
        is_empty = not self._frames and not self._slices
        segment.followers += 1
        self._slices.append(Slice(segment, connection))
        if is_empty:
            self._schedule()

    def unfollow(self) -> None:
        """Take the frames of the followed segments over into the queue, and follow them no longer."""
        if self._slices:
            slices = self._release_slices()
            self._frames += merged_frames(slices)
            self._size += sum(piece.size for piece in slices)
            self._check_size()

    def _release_slices(self) -> list[Slice]:
        slices, self._slices = self._slices, []
        for piece in slices:
            piece.segment.followers -= 1
            piece.segment.feed.add(piece.connection)
        return slices

    def _check_size(self) -> None:
        if self._size > self._limit:
            self.stop()
            self._on_overflow()
        elif self._size * 2 > self._limit:
            # A fast reader must not be dropped for what gathers until the next tick.
            self.wake()

    def _schedule(self) -> None:
        """Write at the next tick, or at once if nothing was written since the last one."""
        if not self._wake_requested:
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
        return not (self._size or self._slices)

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
        self._release_slices()
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
            if not self._frames and not self._slices:
                continue
            batch = self._take_batch()
            # These bytes count until they are written: a stalled reader must not hide a full batch from the limit.
            written = self._size
            self._last_tick = self._ticker.tick
            self._ticker.ensure_running()
            self._is_writing = True
            await write(batch)
            self._is_writing = False
            self._size -= written
            self._notify_room_waiter()
            if (self._frames or self._slices) and not self._stopped:
                self._ticker.wake_at_tick(self)
            elif self._on_empty is not None:
                self._on_empty()

    def _take_batch(self) -> Batch:
        """Empty the queue and return its frames, whose bytes still count."""
        if self._frames:
            frames, self._frames = self._frames, []
            slices = self._release_slices()
            self._size += sum(piece.size for piece in slices)
            return Batch([*frames, *merged_frames(slices)] if slices else frames)
        batch = self._ticker.shared_batch(self._slices)
        self._size += sum(piece.size for piece in self._release_slices())
        return batch
