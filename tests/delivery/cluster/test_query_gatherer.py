"""Queries that are asked while another is under way go together in the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from delivery.cluster.query_gatherer import QueryGatherer
from delivery.cluster.redis_client import RedisUnavailable


class Store:
    """Doubles numbers, one query at a time. A query ends when `answers` has been released."""

    def __init__(self) -> None:
        self.queries: list[list[int]] = []
        self.answers = asyncio.Semaphore(0)
        self.error: Exception | None = None
        self.gatherer: QueryGatherer[int, int] = QueryGatherer(self._query, max_keys=4)

    async def _query(self, keys: Sequence[int]) -> dict[int, int]:
        self.queries.append(list(keys))
        await self.answers.acquire()
        if self.error is not None:
            raise self.error
        return {key: 2 * key for key in keys if key}

    async def begin(self, *questions: Sequence[int]) -> list[asyncio.Task[dict[int, int]]]:
        """Ask, and return when the questions wait, or the query about them is under way."""
        tasks = [asyncio.create_task(self.gatherer.ask(keys)) for keys in questions]
        # The tasks ask in the first turn; their query begins in the second.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks


async def test_callers_share_the_next_query() -> None:
    store = Store()
    [first] = await store.begin([1])
    others = await store.begin([2], [3, 2], [0])
    store.answers.release()
    assert await first == {1: 2}
    store.answers.release()
    assert await asyncio.gather(*others) == [{2: 4}, {3: 6, 2: 4}, {}]
    assert store.queries == [[1], [2, 3, 0]]


async def test_a_query_has_the_keys_of_as_many_callers_as_fit() -> None:
    store = Store()
    asked = await store.begin([1], [2, 3, 4, 5, 6], [7, 8], [9, 1])
    for _ in range(3):
        store.answers.release()
    assert [list(found) for found in await asyncio.gather(*asked)] == [[1], [2, 3, 4, 5, 6], [7, 8], [9, 1]]
    assert store.queries == [[1], [2, 3, 4, 5, 6], [7, 8, 9, 1]]


async def test_a_caller_that_gives_up_leaves_the_answers_to_the_others() -> None:
    store = Store()
    gone, other = await store.begin([1], [2])
    gone.cancel()
    store.answers.release()
    assert await other == {2: 4}
    assert store.queries == [[1, 2]]


async def test_an_error_reaches_the_callers_of_its_query_only() -> None:
    store = Store()
    failed, also_failed = await store.begin([1], [2])
    [later] = await store.begin([3])
    store.error = RedisUnavailable()
    store.answers.release()
    for task in (failed, also_failed):
        with pytest.raises(RedisUnavailable):
            await task
    store.error = None
    store.answers.release()
    assert await later == {3: 6}


async def test_when_the_loop_ends_nobody_waits_for_ever() -> None:
    store = Store()
    [asked] = await store.begin([1])
    [waiting] = await store.begin([2])
    queries = next(task for task in asyncio.all_tasks() if task.get_name() == "gathered queries")
    queries.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    with pytest.raises(asyncio.CancelledError):
        await waiting
