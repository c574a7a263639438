"""A line that repeats is logged at growing intervals, and its end in one line."""

from __future__ import annotations

import itertools
import logging
import sys

import pytest

from delivery import log_throttle
from delivery.log_throttle import OVER, LogThrottle, log_recovery

logger = logging.getLogger("delivery.test")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> LogThrottle:
    return LogThrottle(clock)


def _record(event: str = "redis_unreachable", **extra: object) -> logging.LogRecord:
    return logger.makeRecord(logger.name, logging.WARNING, "", 0, event, (), None, extra=extra)


def _shown(throttle: LogThrottle, clock: Clock, seconds: int, **extra: object) -> dict[int, int]:
    """Fail once a second. Return the seconds at which a line is logged, with the lines left out before it."""
    shown = {}
    for second in range(seconds):
        record = _record(**extra)
        if throttle.admit(record):
            shown[second] = getattr(record, "left_out", 0)
        clock.now += 1
    return shown


def test_an_outage_is_logged_once_and_then_at_growing_intervals(throttle: LogThrottle, clock: Clock) -> None:
    assert _shown(throttle, clock, 200) == {0: 0, 10: 9, 30: 19, 70: 39, 150: 79}


def test_the_intervals_have_a_limit(throttle: LogThrottle, clock: Clock) -> None:
    seconds = list(_shown(throttle, clock, 4 * 3600))
    assert len(seconds) < 40
    assert max(later - earlier for earlier, later in itertools.pairwise(seconds)) == 600


def test_the_end_is_reported_once_with_number_and_duration(throttle: LogThrottle, clock: Clock) -> None:
    event = (logger.name, "redis_unreachable")
    assert throttle.recover(event, {}) is None, "nothing has failed"
    _shown(throttle, clock, 60)
    assert throttle.recover(event, {}) == (60, 59.0)
    assert throttle.recover(event, {}) is None


def test_another_outage_soon_after_shows_soon(throttle: LogThrottle, clock: Clock) -> None:
    _shown(throttle, clock, 3600)
    throttle.recover((logger.name, "redis_unreachable"), {})
    shown = _shown(throttle, clock, 30)
    assert min(shown) <= 10
    assert throttle.recover((logger.name, "redis_unreachable"), {}) == (30, 29.0)


def test_what_fails_and_works_in_turn_is_no_flood(throttle: LogThrottle, clock: Clock) -> None:
    lines = 0
    for _ in range(600):
        lines += throttle.admit(_record())
        clock.now += 0.05
        lines += throttle.recover((logger.name, "redis_unreachable"), {}) is not None
        clock.now += 0.05
    assert lines <= 14


def test_a_failure_after_a_quiet_time_is_a_new_one(throttle: LogThrottle, clock: Clock) -> None:
    _shown(throttle, clock, 300)
    clock.now += 30
    again = _record()
    assert throttle.admit(again) and vars(again)["left_out"] > 0


def test_a_rare_failure_is_thinned_out_too(throttle: LogThrottle, clock: Clock) -> None:
    shown = 0
    for _ in range(60):
        shown += throttle.admit(_record())
        clock.now += 60
    assert shown <= 12


def test_lines_with_other_facts_are_others(throttle: LogThrottle) -> None:
    for extra in (
        {"job": "a"},
        {"job": "b"},
        {"error": "OSError()"},
        {"error": "TimeoutError()"},
        {"received": "x"},
        {},
    ):
        assert throttle.admit(_record(**extra)), extra
    assert not throttle.admit(_record(job="a", count=7, messages=9))


def test_errors_that_differ_in_their_numbers_are_the_same(throttle: LogThrottle) -> None:
    assert throttle.admit(_record(error="OSError(111, port 5001)"))
    assert not throttle.admit(_record(error="OSError(111, port 5002)"))


def test_two_bugs_with_the_same_message_are_both_logged(throttle: LogThrottle) -> None:
    def fault(number: int) -> logging.LogRecord:
        record = _record("command_error")
        try:
            if number:
                raise ValueError
            raise ValueError
        except ValueError:
            record.exc_info = sys.exc_info()
        return record

    assert [throttle.admit(fault(number)) for number in (0, 1, 0, 1)] == [True, True, False, False]


def test_only_the_outage_with_these_facts_ends(throttle: LogThrottle) -> None:
    throttle.admit(_record(job="send", error="OSError()"))
    throttle.admit(_record(job="receive", error="OSError()"))
    assert throttle.recover((logger.name, "redis_unreachable"), {"job": "send"}) == (1, 0.0)
    assert throttle.recover((logger.name, "redis_unreachable"), {}) == (1, 0.0)


def test_memory_is_bounded(throttle: LogThrottle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_throttle, "MAX_KINDS", 10)
    for number in range(100):
        throttle.admit(_record(received=f"https://{number}.example"))
    assert sum(map(len, throttle._events.values())) <= 10


def test_the_end_is_logged_with_the_event_that_does_not_occur_any_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, throttle: LogThrottle, clock: Clock
) -> None:
    monkeypatch.setattr(log_throttle, "THROTTLE", throttle)
    _shown(throttle, clock, 5, job="send")

    log_recovery(logger, "redis_unreachable", job="send")

    [record] = caplog.records
    facts = vars(record)
    assert record.getMessage() == OVER and record.levelno == logging.WARNING
    assert (facts["outage"], facts["count"], facts["seconds"], facts["job"]) == ("redis_unreachable", 5, 4.0, "send")
    assert throttle.admit(record)
