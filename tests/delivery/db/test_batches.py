"""Requests that arrive together are processed together, and each gets its own outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from delivery.db import batches
from delivery.db.batches import RESULTS_PER_TURN, BatchQueue
from tests.support.clock import Clock
from tests.support.waiting import wait_until


class Doubling:
    """Doubles numbers in batches of up to ten, each when `proceed` is set. Refuses negative ones, and fails at 113."""

    def __init__(self, interval: float = 0.0) -> None:
        self.batches: list[list[int]] = []
        self.proceed = asyncio.Event()
        self.proceed.set()
        self.queue: BatchQueue[int, int] = BatchQueue(self._process, max_size=10, name="doubling", interval=interval)

    async def _process(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        await self.proceed.wait()
        if 113 in numbers:
            raise RuntimeError("the database has gone")
        return [number * 2 if number >= 0 else ValueError(number) for number in numbers]


async def test_requests_that_arrive_together_are_one_batch() -> None:
    doubling = Doubling()
    assert await asyncio.gather(*map(doubling.queue.submit, range(25))) == [number * 2 for number in range(25)]
    assert [len(batch) for batch in doubling.batches] == [10, 10, 5]


async def test_requests_that_arrive_meanwhile_are_the_next_batch() -> None:
    doubling = Doubling()
    doubling.proceed.clear()
    first = asyncio.create_task(doubling.queue.submit(1))
    await wait_until(lambda: bool(doubling.batches))
    others = [asyncio.create_task(doubling.queue.submit(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    doubling.proceed.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert doubling.batches == [[1], [2, 3]]


async def test_requests_that_come_alone_do_not_wait() -> None:
    doubling = Doubling(interval=3600)
    assert [await doubling.queue.submit(number) for number in (1, 2, 3)] == [2, 4, 6]


async def test_the_batch_after_one_of_several_gathers_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "time", Clock())
    doubling = Doubling(interval=0.05)
    await asyncio.gather(*map(doubling.queue.submit, (1, 2)))
    first = asyncio.create_task(doubling.queue.submit(3))
    await asyncio.sleep(0)
    assert await asyncio.gather(first, doubling.queue.submit(4)) == [6, 8]
    assert doubling.batches == [[1, 2], [3, 4]]


async def test_a_full_batch_does_not_wait() -> None:
    doubling = Doubling(interval=3600)
    await asyncio.gather(*map(doubling.queue.submit, range(20)))
    assert [len(batch) for batch in doubling.batches] == [10, 10]


async def test_a_refused_request_does_not_affect_the_others() -> None:
    doubling = Doubling()
    outcomes = await asyncio.gather(*map(doubling.queue.submit, (1, -1, 2)), return_exceptions=True)
    assert outcomes[::2] == [2, 4] and isinstance(outcomes[1], ValueError)


async def test_a_failing_batch_fails_alone() -> None:
    doubling = Doubling()
    outcomes = await asyncio.gather(*map(doubling.queue.submit, (113, 2)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [RuntimeError, RuntimeError]
    assert await doubling.queue.submit(4) == 8


async def test_a_cancelled_caller_does_not_affect_the_others() -> None:
    doubling = Doubling()
    doubling.proceed.clear()
    tasks = [asyncio.create_task(doubling.queue.submit(number)) for number in (1, 2)]
    await wait_until(lambda: bool(doubling.batches))
    tasks[0].cancel()
    doubling.proceed.set()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert await tasks[1] == 4


def test_another_event_loop_begins_anew() -> None:
    """The first loop ends while its batch is being processed."""
    doubling = Doubling()

    async def leave() -> None:
        doubling.proceed = asyncio.Event()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await doubling.queue.submit(1)

    async def come_back() -> int:
        doubling.proceed = asyncio.Event()
        doubling.proceed.set()
        return await doubling.queue.submit(2)

    asyncio.run(leave())
    assert asyncio.run(come_back()) == 4


async def test_the_callers_of_a_large_batch_go_on_a_few_in_each_turn() -> None:
    async def process(numbers: Sequence[int]) -> list[int | Exception]:
        return list(numbers)

    count = 2 * RESULTS_PER_TURN + 1
    queue: BatchQueue[int, int] = BatchQueue(process, max_size=count, name="numbers")
    calls = [asyncio.create_task(queue.submit(number)) for number in range(count)]
    seen = {0}
    while not all(call.done() for call in calls):
        seen.add(sum(call.done() for call in calls))
        await asyncio.sleep(0)
    assert {RESULTS_PER_TURN, 2 * RESULTS_PER_TURN} <= seen
    assert [await call for call in calls] == list(range(count))
