"""The outbox writes frames to one reader, which may be fast, slow or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from delivery.hub.outbox import Outbox
from delivery.hub.segments import Frame
from delivery.hub.ticker import Ticker
from tests.support.waiting import TIMEOUT_SECONDS, wait_until


class Reader:
    """Accepts frames; while `reading` is clear, a write blocks as it does for a full socket."""

    def __init__(self) -> None:
        self.writes: list[list[Frame]] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.overflows = 0
        self._news = asyncio.Event()

    def write(self, frames: list[Frame]) -> Coroutine[Any, Any, Any] | None:
        self.writes.append(frames)
        self._news.set()
        return None if self.reading.is_set() else self.reading.wait()

    @property
    def frames(self) -> list[Frame]:
        return [frame for frames in self.writes for frame in frames]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(self.frames) < count:
                self._news.clear()
                await self._news.wait()

    def overflow(self) -> None:
        self.overflows += 1


@asynccontextmanager
async def outbox_of(reader: Reader, *, window: float = 0.001, limit: int = 1000) -> AsyncIterator[Outbox]:
    outbox = Outbox(Ticker(window), limit, reader.overflow)
    outbox.start(reader.write)
    yield outbox
    outbox.stop()


async def test_an_idle_reader_gets_a_frame_at_once() -> None:
    reader = Reader()
    async with outbox_of(reader, window=3600) as outbox:
        outbox.put("a")
        await reader.until(1)


async def test_a_busy_reader_gets_the_waiting_frames_in_one_write() -> None:
    reader = Reader()
    async with outbox_of(reader, window=0.05) as outbox:
        outbox.put("a")
        await reader.until(1)
        for frame in "bcd":
            outbox.put(frame)
        await reader.until(4)
    assert reader.writes == [["a"], ["b", "c", "d"]]


@pytest.mark.parametrize(("waiting", "window"), [(1, 0.001), (12, 0.002), (600, 0.004)])
async def test_the_more_outboxes_write_at_a_tick_the_later_comes_the_next_one(waiting: int, window: float) -> None:
    ticker = Ticker(0.001, 0.004)
    for _ in range(waiting):
        ticker.write_at_tick(Outbox(ticker, 1000, Reader().overflow))
    await wait_until(lambda: ticker.tick == 1)
    assert ticker.window_seconds == window
    ticker.ensure_running()
    await wait_until(lambda: ticker.tick == 2)
    assert ticker.window_seconds == 0.001


async def test_a_crowd_of_outboxes_lets_other_work_have_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delivery.hub.ticker.WRITING_SECONDS", 0.0)
    ticker = Ticker(0.001)
    readers = [Reader() for _ in range(5)]
    for reader in readers:
        outbox = Outbox(ticker, 1000, reader.overflow)
        outbox.start(reader.write)
        outbox.put("a")
    written = []
    while len(written) < 6:
        written.append(sum(len(reader.frames) for reader in readers))
        await asyncio.sleep(0)
    assert written == [0, 1, 2, 3, 4, 5]


async def test_an_urgent_frame_and_the_frames_before_it_do_not_wait_for_the_tick() -> None:
    reader = Reader()
    async with outbox_of(reader, window=3600) as outbox:
        outbox.put("a")
        await reader.until(1)
        outbox.put("b")
        outbox.put("reply", now=True)
        await reader.until(3)
    assert reader.writes == [["a"], ["b", "reply"]]


async def test_a_half_full_outbox_does_not_wait_for_the_tick() -> None:
    reader = Reader()
    async with outbox_of(reader, window=3600, limit=100) as outbox:
        outbox.put("a")
        await reader.until(1)
        for count in range(1, 6):
            outbox.put("b" * 30)
            outbox.put("c" * 30)
            await reader.until(1 + 2 * count)
    assert reader.overflows == 0 and len(reader.writes) == 6


async def test_the_order_holds_while_a_slow_reader_makes_writes_wait() -> None:
    reader = Reader()
    async with outbox_of(reader) as outbox:
        expected: list[Frame] = []
        for number in range(60):
            if number % 7 == 0:
                reader.reading.clear()
            if number % 7 == 4:
                reader.reading.set()
            expected.append(str(number))
            outbox.put(str(number), now=number % 5 == 0)
            await asyncio.sleep(0)
        reader.reading.set()
        await reader.until(60)
    assert reader.frames == expected


async def test_an_overflow_is_reported_once_and_empties_the_outbox() -> None:
    reader = Reader()
    reader.reading.clear()
    async with outbox_of(reader, limit=100) as outbox:
        outbox.put("x" * 60)
        await reader.until(1)
        # Frames being written count until they are written: memory is bounded, not only the queue.
        outbox.put("y" * 39)
        assert reader.overflows == 0
        outbox.put("zz")
        outbox.put("z")
        assert reader.overflows == 1
    assert reader.frames == ["x" * 60]


async def test_written_frames_free_their_bytes() -> None:
    reader = Reader()
    async with outbox_of(reader, limit=100) as outbox:
        for count in range(1, 20):
            outbox.put("x" * 90, now=True)
            await reader.until(count)
            await asyncio.sleep(0)
    assert reader.overflows == 0


async def test_an_empty_outbox_calls_back() -> None:
    reader = Reader()
    empty = asyncio.Event()
    async with outbox_of(reader) as outbox:
        outbox.call_when_empty(empty.set)
        outbox.put("goodbye")
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await empty.wait()
        assert reader.frames == ["goodbye"]


async def test_a_stopped_outbox_accepts_no_frames() -> None:
    reader = Reader()
    async with outbox_of(reader) as outbox:
        outbox.stop()
        outbox.put("late", now=True)
    assert reader.frames == []


@pytest.mark.parametrize("frame", ["text", b"bytes"])
async def test_text_and_bytes_are_frames(frame: Frame) -> None:
    reader = Reader()
    async with outbox_of(reader) as outbox:
        outbox.put(frame)
        await reader.until(1)
    assert reader.frames == [frame]


async def test_a_waiting_request_continues_once_half_of_the_outbox_is_free() -> None:
    reader = Reader()
    reader.reading.clear()
    async with outbox_of(reader, limit=100) as outbox:
        await outbox.wait_for_room()
        outbox.put("a" * 60, now=True)
        await reader.until(1)
        asking = asyncio.create_task(outbox.wait_for_room())
        await asyncio.sleep(0)
        assert not asking.done()
        reader.reading.set()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asking


async def test_stopping_the_outbox_wakes_a_waiting_request() -> None:
    reader = Reader()
    reader.reading.clear()
    async with outbox_of(reader, limit=100) as outbox:
        outbox.put("a" * 60, now=True)
        await reader.until(1)
        asking = asyncio.create_task(outbox.wait_for_room())
        await asyncio.sleep(0)
        outbox.stop()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asking


async def test_the_limit_counts_bytes_not_characters() -> None:
    reader = Reader()
    async with outbox_of(reader, limit=100) as outbox:
        outbox.put("圭" * 40)
        assert reader.overflows == 1
