"""The two stores of token buckets, in memory and in Redis, give the same results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_token_buckets import RedisTokenBuckets
from delivery.rate_limits.base import TokenBuckets, TokenUse
from delivery.rate_limits.memory import MemoryTokenBuckets
from tests.support.clock import Clock
from tests.support.redis import RedisServer

RATE = 0.001
"""Tokens per second: a slow test run refills nothing that counts."""


@dataclass
class Store:
    """Token buckets whose clock the test can advance."""

    buckets: TokenBuckets
    pass_time: Callable[[float], Awaitable[None]]

    async def draw(self, key: str, count: int = 1, *, burst: int = 3) -> tuple[float, float]:
        """Return the tokens left and missing, rounded so that run time does not matter."""
        result = await self.buckets.draw(key, rate=RATE, burst=burst, count=count)
        return round(result.left, 1), round(result.missing, 1)


@pytest_asyncio.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, bucket_clock: Clock) -> AsyncIterator[Store]:
    if request.param == "memory":

        async def move_clock(seconds: float) -> None:
            bucket_clock.now += seconds

        yield Store(MemoryTokenBuckets(10), move_clock)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    client = RedisClient(server.url)
    client.mark_up()

    async def backdate(seconds: float) -> None:
        async with Redis.from_url(server.url, decode_responses=True) as redis:
            for key in await redis.keys("im:bucket:*"):
                await redis.hset(key, "at", float(await redis.hget(key, "at")) - seconds)

    yield Store(RedisTokenBuckets(client), backdate)
    await client.close()


async def test_a_bucket_allows_its_burst_and_then_the_rate(store: Store) -> None:
    assert [await store.draw("shop") for _ in range(4)] == [(2, 0), (1, 0), (0, 0), (0, 1)]
    await store.pass_time(500)
    assert await store.draw("shop") == (0.5, 0.5)
    await store.pass_time(500)
    assert await store.draw("shop") == (0, 0)


async def test_each_key_has_its_own_bucket(store: Store) -> None:
    assert await store.draw("shop", 3) == (0, 0)
    assert await store.draw("bank") == (2, 0)


async def test_several_tokens_are_taken_together_or_not_at_all(store: Store) -> None:
    assert await store.draw("shop", 2) == (1, 0)
    assert await store.draw("shop", 2) == (1, 1)
    assert await store.draw("shop", 1) == (0, 0)


async def test_a_bucket_never_refills_above_its_burst(store: Store) -> None:
    await store.draw("shop", 3)
    await store.pass_time(1_000_000)
    assert await store.draw("shop", 0) == (3, 0)


async def test_a_full_bucket_grants_more_than_its_burst_and_the_rest_is_owed(store: Store) -> None:
    assert await store.draw("shop", 25, burst=10) == (-15, 0)
    assert await store.draw("shop", 25, burst=10) == (-15, 25)
    await store.pass_time(15_000)
    assert await store.draw("shop", burst=10) == (0, 1)
    await store.pass_time(1_000)
    assert await store.draw("shop", burst=10) == (0, 0)


async def test_a_changed_burst_applies_to_the_buckets_that_exist(store: Store) -> None:
    assert await store.draw("shop", burst=10) == (9, 0)
    assert await store.draw("shop", burst=3) == (2, 0)


async def test_tokens_that_were_used_already_are_taken_and_may_be_owed(store: Store) -> None:
    await store.draw("shop", 2)

    left = await store.buckets.use([TokenUse("shop", 4), TokenUse("bank", 1)], rate=RATE, burst=3)

    assert [round(tokens, 1) for tokens in left] == [-3, 2]
    await store.pass_time(4_000)
    assert await store.draw("shop") == (0, 0)


async def test_the_memory_store_drops_the_bucket_used_longest_ago(bucket_clock: Clock) -> None:
    buckets = MemoryTokenBuckets(2)
    for key in "abac":
        await buckets.draw(key, rate=RATE, burst=5)
    assert buckets.keys() == ["a", "c"]
    left = [(await buckets.draw(key, rate=RATE, burst=5)).left for key in "acb"]
    assert left == [2, 3, 4]
