"""Token buckets in Redis that two nodes share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_token_buckets import RedisTokenBuckets
from delivery.rate_limits.base import TokenBucketResult, TokenBucketsUnavailable
from tests.support.redis import RedisServer

RATE = 0.001
"""Tokens per second: a slow test run refills nothing that counts."""


@pytest_asyncio.fixture
async def nodes(redis_server: RedisServer) -> AsyncIterator[list[RedisTokenBuckets]]:
    clients = [RedisClient(redis_server.url) for _ in range(2)]
    for client in clients:
        client.mark_up()
    yield [RedisTokenBuckets(client) for client in clients]
    for client in clients:
        await client.close()


async def test_all_nodes_draw_from_one_bucket(nodes: list[RedisTokenBuckets]) -> None:
    a, b = nodes
    for node, left in ((a, 2), (b, 1), (a, 0)):
        drawn = await node.draw("shop", rate=RATE, burst=3)
        assert (round(drawn.left), drawn.missing) == (left, 0)
    refused = await b.draw("shop", rate=RATE, burst=3, count=2)
    assert round(refused.left, 1) == 0 and round(refused.missing, 1) == 2


async def test_a_bucket_expires_once_it_is_full(nodes: list[RedisTokenBuckets], redis_server: RedisServer) -> None:
    await nodes[0].draw("shop", rate=0.01, burst=3, count=3)
    async with Redis.from_url(redis_server.url) as redis:
        # The five minutes that it takes to fill, and one second more.
        assert 0 < await redis.pttl("im:bucket:shop") <= 301_000


async def test_a_draw_fails_at_once_while_redis_is_away(
    nodes: list[RedisTokenBuckets], redis_server: RedisServer
) -> None:
    redis_server.kill()
    with pytest.raises(TokenBucketsUnavailable):
        await nodes[0].draw("shop", rate=1, burst=3)
    redis_server.start()
    assert await nodes[1].draw("shop", rate=RATE, burst=3) == TokenBucketResult(2.0, 0.0)
