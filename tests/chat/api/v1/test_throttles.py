"""Calls of an API token are rate-limited, and the allowance states the rest."""

from __future__ import annotations

import pytest

from chat.api.common.throttles import Allowance, ApiThrottle
from chat.errors import ChatError
from delivery.rate_limits.base import TokenBucketResult
from delivery.rate_limits.limiter import RateLimiter
from tests.support.clock import Clock


def test_a_token_has_a_burst_and_then_a_steady_rate(bucket_clock: Clock) -> None:
    throttle = ApiThrottle(rate=2, burst=3, name="requests")
    assert [throttle.take("shop").remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(ChatError) as refused:
        throttle.take("shop")
    assert refused.value.data is not None and refused.value.data["retryAfter"] == 0.5
    # A refused request takes no tokens.
    bucket_clock.now += 0.5
    assert throttle.take("shop").remaining == 0
    assert throttle.take("bank").remaining == 2
    bucket_clock.now += 100
    assert throttle.take("shop").remaining == 2


def test_several_messages_are_counted_together_or_not_at_all(bucket_clock: Clock) -> None:
    throttle = ApiThrottle(rate=1, burst=10, name="messages")
    throttle.take("shop", 8)
    with pytest.raises(ChatError):
        throttle.take("shop", 3)
    assert throttle.take("shop", 2).remaining == 0


def test_more_messages_than_the_burst_are_allowed_at_once_and_owed(bucket_clock: Clock) -> None:
    throttle = ApiThrottle(rate=1, burst=10, name="messages")
    assert throttle.take("shop", 25).remaining == 0
    bucket_clock.now += 15
    with pytest.raises(ChatError):
        throttle.take("shop")
    bucket_clock.now += 1
    throttle.take("shop")


def test_the_allowance_includes_the_counts_of_all_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [TokenBucketResult(7.0, 0.0), TokenBucketResult(1.0, 3.0), TokenBucketResult(0.9999, 0.0001)]
    monkeypatch.setattr(RateLimiter, "draw", lambda *args, **kwargs: results.pop(0))
    throttle = ApiThrottle(rate=2, burst=9, name="requests")
    assert throttle.take("shop", 2) == Allowance(9, 7, 1)
    with pytest.raises(ChatError) as refused:
        throttle.take("shop", 4)
    assert refused.value.data is not None and refused.value.data["retryAfter"] == 1.5
    assert throttle.draw("shop").retry_after == 0.001
