"""The rate limiter uses shared token buckets while it can reach them, and counts alone otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from delivery import event_loop
from delivery.rate_limits.base import TokenBucketResult, TokenBucketsUnavailable
from delivery.rate_limits.limiter import RateLimiter, use_shared_buckets
from tests.support.clock import Clock
from tests.support.waiting import TIMEOUT_SECONDS


class SharedBuckets:
    """Shared token buckets that return the given result, raise the given error, or never answer (None)."""

    def __init__(self) -> None:
        self.answer: TokenBucketResult | Exception | None = TokenBucketResult(7.0, 0.0)
        self.draws: list[tuple[str, float, int, int]] = []

    async def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        self.draws.append((key, rate, burst, count))
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


@pytest_asyncio.fixture
async def shared(bucket_clock: Clock) -> AsyncIterator[SharedBuckets]:
    buckets = SharedBuckets()
    event_loop.set_loop(asyncio.get_running_loop())
    use_shared_buckets(buckets)
    yield buckets
    use_shared_buckets(None)
    event_loop.set_loop(None)


def _limiter(shared_timeout_seconds: float = TIMEOUT_SECONDS) -> RateLimiter:
    return RateLimiter("calls", max_keys=10, shared_timeout_seconds=shared_timeout_seconds)


async def _draw(limiter: RateLimiter, count: int = 1) -> TokenBucketResult:
    return await asyncio.to_thread(limiter.draw, "shop", rate=2.0, burst=9, count=count)


async def test_nodes_that_share_buckets_count_together(shared: SharedBuckets) -> None:
    limiter = _limiter()
    assert await _draw(limiter, 2) == TokenBucketResult(7.0, 0.0)
    shared.answer = TokenBucketResult(1.0, 3.0)
    assert await _draw(limiter, 4) == TokenBucketResult(1.0, 3.0)
    assert shared.draws == [("calls:shop", 2.0, 9, 2), ("calls:shop", 2.0, 9, 4)]
    assert limiter.local_keys() == []


@pytest.mark.parametrize("answer", [TokenBucketsUnavailable(), None], ids=["unavailable", "too slow"])
async def test_a_node_counts_alone_while_it_cannot_reach_the_shared_buckets(
    shared: SharedBuckets, answer: Exception | None
) -> None:
    limiter = _limiter(0.05)
    shared.answer = answer
    assert [(await _draw(limiter)).left for _ in range(2)] == [8, 7]
    shared.answer = TokenBucketResult(3.0, 0.0)
    limiter._shared_timeout_seconds = TIMEOUT_SECONDS
    assert (await _draw(limiter)).left == 3


def test_a_node_without_shared_buckets_counts_alone(bucket_clock: Clock) -> None:
    limiter = _limiter()
    assert limiter.draw("shop", rate=2, burst=9, count=9) == TokenBucketResult(0, 0)
    assert limiter.draw("shop", rate=2, burst=9, count=2) == TokenBucketResult(0, 2)
    bucket_clock.now += 1
    assert limiter.draw("shop", rate=2, burst=9, count=2) == TokenBucketResult(0, 0)
    limiter.reset()
    assert limiter.draw("shop", rate=2, burst=9) == TokenBucketResult(8, 0)
