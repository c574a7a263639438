"""A node that keeps failing is left alone, and found again by one probe at a time."""

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
        assert breaker.allows()
        breaker.failed()
    return breaker


def test_it_lets_calls_pass_while_they_succeed(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        assert breaker.allows()
        breaker.succeeded()
    assert not breaker.open


def test_only_failures_one_after_the_other_open_it(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        for _ in range(FAILURES - 1):
            assert breaker.allows()
            breaker.failed()
        assert breaker.allows()
        breaker.succeeded()
    assert not breaker.open


def test_open_it_lets_nothing_pass_for_the_pause(opened: CircuitBreaker, clock: Clock) -> None:
    assert opened.open
    assert not opened.allows()
    clock.now += PAUSE - 0.001
    assert not opened.allows()


def test_after_the_pause_one_call_probes_and_its_success_closes(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allows()
    assert not opened.allows(), "one probe is enough"
    opened.succeeded()
    assert not opened.open
    assert opened.allows() and opened.allows()


def test_a_probe_that_fails_begins_another_pause(opened: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3):
        clock.now += PAUSE
        assert opened.allows()
        opened.failed()
        assert not opened.allows()


def test_a_probe_that_takes_long_begins_the_pause_when_it_fails(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allows()
    clock.now += PAUSE - 1
    opened.failed()
    clock.now += PAUSE - 1
    assert not opened.allows()
    clock.now += 1
    assert opened.allows()


def test_a_probe_that_nobody_finishes_does_not_lock_the_node_out(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allows()
    clock.now += PAUSE
    assert opened.allows()


def test_once_closed_it_takes_all_failures_again_to_open(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += PAUSE
    assert opened.allows()
    opened.succeeded()
    for _ in range(FAILURES - 1):
        assert opened.allows()
        opened.failed()
    assert not opened.open
