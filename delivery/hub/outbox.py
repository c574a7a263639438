"""The outbox of one connection: bounded in bytes, batched under load, dropped when the client reads too slowly.

An idle connection gets its frame at once. A connection that was written to within the last window waits for the next
tick of a timer that all outboxes of the process share, or until the outbox is half full, and then gets everything in
one write: fewer writes are what saves CPU.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from delivery.hub.segments import Batch, Frame, Segment, Slice, merged_batch, wire_size
from delivery.hub.ticker import Ticker

if TYPE_CHECKING:
    from delivery.hub.connection import Connection

logger = logging.getLogger(__name__)


def _do_nothing() -> None:
    """Do nothing, instead of a function of an owner that has gone."""


Write = Callable[[Batch], Coroutine[Any, Any, Any] | None]
"""Writes frames at once, or returns a coroutine that does once the client reads."""


class Outbox:
    """Queue of frames to one connection, in order. `put` queues a frame and never waits.

    The end of the queue may be slices of shared segments that still grow (`follow`).

    Above `limit` bytes `on_overflow` is called once and all queued frames are dropped.
    """

    __slots__ = (
        "_follower",
        "_frames",
        "_is_urgent",
        "_last_tick",
        "_limit",
        "_on_empty",
        "_on_overflow",
        "_room_waiter",
        "_size",
        "_slices",
        "_stopped",
        "_ticker",
        "_write",
        "_writing",
    )

    def __init__(self, ticker: Ticker, limit: int, on_overflow: Callable[[], None]) -> None:
        self._ticker = ticker
        self._limit = limit
        self._on_overflow = on_overflow
        self._frames: list[Frame] = []
        self._slices: list[Slice] = []
        """The end of the queue: it comes after `_frames`."""
        self._follower: Connection | None = None
        """The owner, once it has followed a segment."""
        self._size = 0
        """Bytes of `_frames` and of the frames being written."""
        self._last_tick = -1
        self._is_urgent = False
        """True if the queued frames do not wait for the tick."""
        self._stopped = False
        self._write: Write | None = None
        self._writing: asyncio.Future[Any] | None = None
        """The write that waits until the client reads, if any."""
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
        return self._writing is None and self._size * 2 <= self._limit

    def follow(self, segment: Segment, connection: Connection) -> None:
        """Queue all frames that are added to the segment from now on, until the next write or `unfollow`.

        `connection` is the owner, which the segment's feed then lists as missing.
        """
        if self._slices and self._slices[0][0].feed.has_ended:
            self.unfollow()
        if self._stopped:
            return
        self._follower = connection
        is_empty = not self._frames and not self._slices
        segment.followers += 1
        self._slices.append((segment, len(segment.frames), segment.size))
        if is_empty:
            self._schedule()

    def unfollow(self) -> None:
        """Take the frames of the followed segments over into the queue, and follow them no longer."""
        if self._slices:
            self._take_over()
            self._check_size()

    def _take_over(self) -> None:
        followed = merged_batch(self._release_slices())
        self._frames += followed
        self._size += followed.size

    def _release_slices(self) -> list[Slice]:
        slices, self._slices = self._slices, []
        for segment, _, _ in slices:
            if not (feed := segment.feed).has_ended and self._follower is not None:
                segment.followers -= 1
                feed.add(self._follower)
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
        if self._last_tick != self._ticker.tick:
            self.wake()
        elif not self._is_urgent and self._writing is None:
            self._ticker.write_at_tick(self)

    def wake(self) -> None:
        """Write all queued frames in the next turn of the event loop, or once the write in progress has ended."""
        if not self._is_urgent:
            self._is_urgent = True
            if self._write is not None and self._writing is None:
                self._ticker.write_soon(self)

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

    def start(self, write: Write) -> None:
        """Begin to write frames. `write` gets those to send in one write; see `Write`."""
        self._write = write
        if self._is_urgent:
            self._ticker.write_soon(self)

    def stop(self) -> None:
        """Drop queued frames, and accept and write no more."""
        self._stopped = True
        self._release_slices()
        self._frames = []
        self._size = 0
        if self._writing is not None:
            self._writing.cancel()
        self._notify_room_waiter()

    def release(self) -> None:
        """Stop, and forget the owner's functions. Otherwise both would wait for the garbage collector."""
        self.stop()
        self._write = self._on_empty = self._follower = None
        self._on_overflow = _do_nothing

    def write_queued(self) -> None:
        """Write all queued frames. Do nothing while an earlier write is in progress."""
        if self._writing is not None or self._write is None:
            return
        self._is_urgent = False
        if self._frames or self._slices:
            batch = self._take_batch()
            self._last_tick = self._ticker.tick
            self._ticker.ensure_running()
            try:
                rest = self._write(batch)
            except Exception as error:
                self._fail(error)
            else:
                if rest is None:
                    self._written(self._size)
                else:
                    self._writing = asyncio.ensure_future(rest)
                    self._writing.add_done_callback(partial(self._write_ended, self._size))

    def _take_batch(self) -> Batch:
        """Empty the queue and return its frames, whose bytes still count."""
        if not self._frames:
            batch = self._ticker.batches.get(self._slices)
            self._size += batch.size
            self._release_slices()
            return batch
        if self._slices:
            self._take_over()
        frames, self._frames = self._frames, []
        return Batch(frames, self._size)

    def _write_ended(self, size: int, writing: asyncio.Future[Any]) -> None:
        self._writing = None
        if writing.cancelled():
            return
        if (error := writing.exception()) is not None:
            self._fail(error)
            return
        self._written(size)
        if self._is_urgent:
            self.write_queued()
        elif self._frames or self._slices:
            self._ticker.write_at_tick(self)

    def _written(self, size: int) -> None:
        # Until now these bytes counted: a reader who stops must not hide a full batch from the limit.
        self._size -= size
        self._notify_room_waiter()
        if self._on_empty is not None and not self._frames and not self._slices:
            self._on_empty()

    def _fail(self, error: BaseException) -> None:
        # The client has gone, or the server has closed the connection; the consumer receives a disconnect.
        logger.debug("write_failed", extra={"error": repr(error)})
        self.stop()
