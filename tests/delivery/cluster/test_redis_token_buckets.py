"""RedisTokenBuckets that several nodes draw from, in a Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_token_buckets import RedisTokenBuckets
from delivery.rate_limits.base import TokenBucketResult, TokenBucketsUnavailable
from tests.support.redis import RedisServer

SLOW = 0.001
"""A second of the test gives nothing back."""


@pytest_asyncio.fixture
async def links(redis_server: RedisServer) -> AsyncIterator[list[RedisClient]]:
    made = [RedisClient(redis_server.url) for _ in range(2)]
    for link in made:
        link.found()
    yield made
    for link in made:
        await link.close()


@pytest.fixture
def nodes(links: list[RedisClient]) -> list[RedisTokenBuckets]:
    return [RedisTokenBuckets(link) for link in links]


async def test_all_nodes_draw_from_one_bucket(nodes: list[RedisTokenBuckets]) -> None:
    a, b = nodes
    for node, left in ((a, 2), (b, 1), (a, 0)):
        drawn = await node.draw("shop", rate=SLOW, burst=3, count=1)
        assert (round(drawn.left), drawn.missing) == (left, 0)
    refused = await b.draw("shop", rate=SLOW, burst=3, count=2)
    assert round(refused.left, 1) == 0 and round(refused.missing, 1) == 2
    assert (await b.draw("bank", rate=SLOW, burst=3, count=1)).missing == 0


async def test_a_bucket_refills_and_then_expires(nodes: list[RedisTokenBuckets], redis_server: RedisServer) -> None:
    a, b = nodes
    await a.draw("shop", rate=SLOW, burst=3, count=3)
    async with Redis.from_url(redis_server.url) as redis:
        # As if it had been two seconds ago, at one a second.
        at = float(await redis.hget("im:bucket:shop", "at"))
        await redis.hset("im:bucket:shop", "at", at - 2)
        assert 1.9 < (await b.draw("shop", rate=1, burst=3, count=0)).left <= 3
        assert 0 < await redis.pttl("im:bucket:shop") <= 3_000


async def test_more_than_it_holds_is_given_when_it_is_full_and_is_owed(nodes: list[RedisTokenBuckets]) -> None:
    a, b = nodes
    assert round((await a.draw("shop", rate=SLOW, burst=10, count=25)).left) == -15
    assert round((await b.draw("shop", rate=SLOW, burst=10, count=25)).missing) == 25


async def test_a_redis_that_is_away_is_said_at_once(nodes: list[RedisTokenBuckets], redis_server: RedisServer) -> None:
    redis_server.kill()
    with pytest.raises(TokenBucketsUnavailable):
        await nodes[0].draw("shop", rate=1, burst=3, count=1)
    redis_server.start()
    assert await nodes[1].draw("shop", rate=SLOW, burst=3, count=1) == TokenBucketResult(2.0, 0.0)
