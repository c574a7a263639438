"""A bucket of two tokens that refills at one per second."""

from __future__ import annotations

from delivery.rate_limits.token_bucket import TokenBucket
from tests.support.clock import Clock


def test_a_bucket_allows_its_burst_and_then_one_per_second(bucket_clock: Clock) -> None:
    bucket = TokenBucket(1, 2)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    bucket_clock.now += bucket.retry_after()
    assert bucket.take()


def test_a_bucket_never_refills_above_its_burst(bucket_clock: Clock) -> None:
    bucket = TokenBucket(1, 2)
    bucket_clock.now += 1000
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_a_bucket_is_overdrawn_by_as_many_refusals_as_its_burst_and_recovers_by_waiting(bucket_clock: Clock) -> None:
    bucket = TokenBucket(1, 2)
    taken = [bucket.take() for _ in range(3)]
    assert taken == [True, True, False] and not bucket.is_overdrawn
    bucket.take()
    assert bucket.is_overdrawn
    bucket_clock.now += bucket.retry_after()
    assert bucket.take() and not bucket.is_overdrawn
