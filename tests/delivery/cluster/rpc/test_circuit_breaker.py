"""The circuit breaker stops calls to a failing node and probes it with one call at a time."""

from __future__ import annotations

import pytest

from delivery.cluster.rpc.circuit_breaker import CircuitBreaker

FAILURES, PAUSE = 3, 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(FAILURES, PAUSE, clock)


@pytest.fixture
def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    for _ in range(FAILURES):
        assert breaker.allow_call()
        breaker.record_failure()
    return breaker


def test_successful_calls_keep_the_circuit_closed(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        assert breaker.allow_call()
        breaker.record_success()
    assert not breaker.is_open


def test_only_consecutive_failures_open_the_circuit(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        for _ in range(FAILURES - 1):
            assert breaker.allow_call()
            breaker.record_failure()
        assert breaker.allow_call()
        breaker.record_success()
    assert not breaker.is_open


def test_an_open_circuit_allows_no_call_during_the_pause(opened: CircuitBreaker, clock: Clock) -> None:
    assert opened.is_open
    assert not opened.allow_call()
    clock.now += PAUSE - 0.001
    assert not opened.allow_call()


def test_a_successful_probe_after_the_pause_closes_the_circuit(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allow_call()
    assert not opened.allow_call(), "one probe is enough"
    opened.record_success()
    assert not opened.is_open
    assert opened.allow_call() and opened.allow_call()


def test_a_failed_probe_starts_another_pause(opened: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3):
        clock.now += PAUSE
        assert opened.allow_call()
        opened.record_failure()
        assert not opened.allow_call()


def test_a_slow_probe_starts_the_pause_when_it_fails(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allow_call()
    clock.now += PAUSE - 1
    opened.record_failure()
    clock.now += PAUSE - 1
    assert not opened.allow_call()
    clock.now += 1
    assert opened.allow_call()


def test_an_abandoned_probe_does_not_keep_the_circuit_open(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allow_call()
    clock.now += PAUSE
    assert opened.allow_call()


def test_closing_the_circuit_resets_the_failure_count(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allow_call()
    opened.record_success()
    for _ in range(FAILURES - 1):
        assert opened.allow_call()
        opened.record_failure()
    assert not opened.is_open
