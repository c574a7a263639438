"""A bucket of two that fills at one a second, by a clock of the test's own."""

from __future__ import annotations

import pytest

from delivery.rate_limits import token_bucket
from delivery.rate_limits.token_bucket import TokenBucket


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(token_bucket, "time", made)
    return made


def test_the_burst_goes_at_once_and_then_one_a_second(clock: Clock) -> None:
    bucket = TokenBucket(1, 2)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock.now += bucket.wait()
    assert bucket.take()


def test_rest_fills_it_up_to_the_burst_only(clock: Clock) -> None:
    bucket = TokenBucket(1, 2)
    clock.now += 1000
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_whoever_goes_on_after_refusals_is_a_flood_and_recovers_by_waiting(clock: Clock) -> None:
    bucket = TokenBucket(1, 2)
    taken = [bucket.take() for _ in range(3)]
    assert taken == [True, True, False] and not bucket.overdrawn
    bucket.take()
    assert bucket.overdrawn
    clock.now += bucket.wait()
    assert bucket.take() and not bucket.overdrawn
