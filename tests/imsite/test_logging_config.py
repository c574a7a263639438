"""An event is logged on one line with its facts, and without the contents of the request."""

from __future__ import annotations

import io
import logging
from collections import Counter

import pytest
import redis
from django.test import Client

from delivery.log_throttle import THROTTLE, LogThrottle
from delivery.request_id import set_request_id
from imsite.logging_config import LOGGING_SETTINGS, LogRateLimit, RefusedRequestFilter


def _line(record: logging.LogRecord) -> str:
    options = dict(LOGGING_SETTINGS["formatters"]["line"])
    formatter: logging.Formatter = options.pop("()")(**options)
    return formatter.format(record)


def _record(name: str, text: str, **extra: object) -> logging.LogRecord:
    return logging.getLogger(name).makeRecord(name, logging.ERROR, "", 0, text, (), None, extra=extra)


def test_an_event_is_logged_with_its_facts() -> None:
    line = _line(_record("delivery.hub.hub", "event_log_read_failed", error="no such table"))
    assert "event_log_read_failed" in line and "no such table" in line and "delivery.hub.hub" in line
    assert "\n" not in line


def test_a_line_names_its_request() -> None:
    record = _record("chat", "command_error")
    set_request_id("0123456789abcdef.3")
    assert "request=0123456789abcdef.3" in _line(record)
    set_request_id("")
    assert "request" not in _line(record)


def test_a_request_object_is_not_logged() -> None:
    line = _line(_record("django.request", "Internal Server Error: /user/list", request="Token 0123456789"))
    assert "/user/list" in line and "0123456789" not in line


def test_an_exception_in_a_view_is_logged() -> None:
    assert logging.getLogger("django.request").getEffectiveLevel() <= logging.ERROR
    assert "console" in LOGGING_SETTINGS["root"]["handlers"]


def test_the_secret_path_of_an_incoming_webhook_is_not_logged() -> None:
    secret = "s3cret-" + "x" * 36
    line = _line(_record("django.request", f"Internal Server Error: /hooks/{secret}/", error=f"at /hooks/{secret}/"))
    assert "Internal Server Error: /hooks/***/" in line and secret not in line


@pytest.mark.parametrize("path", ["/accounts/reset/MTI/", "/accounts/email/"])
def test_the_link_in_a_mail_is_not_logged(path: str) -> None:
    secret = "d0abc-" + "x" * 32
    line = _line(_record("django.request", f"Internal Server Error: {path}{secret}/"))
    assert f"{path}***/" in line and secret not in line


def test_libraries_do_not_log_whole_urls() -> None:
    for name in ("httpx", "httpcore", "urllib3"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING


def test_the_channel_layer_does_not_log_redis_outages_again() -> None:
    record = _record("channels_redis.pubsub", "Unexpected exception in receive task")
    shown = []
    for error in (redis.ConnectionError("closed"), ConnectionRefusedError(), KeyError("a fault")):
        record.exc_info = (type(error), error, None)
        shown.append(bool(logging.getLogger("channels_redis.pubsub").filter(record)))

    assert shown == [False, False, True]


def test_a_request_for_an_unknown_host_is_logged_without_a_traceback(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    [console] = [handler for handler in logging.getLogger().handlers if handler.name == "console"]
    written = io.StringIO()
    monkeypatch.setattr(console, "stream", written)
    THROTTLE.reset()

    assert client.get("/", headers={"host": "evil.example"}).status_code == 400

    lines = written.getvalue().splitlines()
    assert lines and all("evil.example" in line for line in lines)


def test_refused_requests_of_one_class_are_one_kind(clock: Clock) -> None:
    floods, shorten = _limit(clock), RefusedRequestFilter()
    records = [_record("django.security.DisallowedHost", f"Invalid HTTP_HOST header: '{at}'.") for at in range(9)]
    assert [shorten.filter(record) and floods.filter(record) for record in records].count(True) == 3


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setenv("IM_LOG_RATE_LIMIT", "3")
    return Clock()


def _limit(clock: Clock) -> LogRateLimit:
    return LogRateLimit(clock, LogThrottle(clock))


def test_a_flood_of_different_lines_of_one_event_is_cut_and_counted(clock: Clock) -> None:
    floods = _limit(clock)
    lines = [_record("chat", "command_error", error=f"error {letter}") for letter in "abcde"]
    assert [floods.filter(line) for line in lines] == [True, True, True, False, False]
    assert floods.filter(_record("chat", "another_fault")), "other kinds are logged"

    clock.now += LogRateLimit.WINDOW_SECONDS
    first, second = _record("chat", "command_error", error="f"), _record("chat", "command_error", error="g")
    assert floods.filter(first) and floods.filter(second)
    assert "left_out=2" in _line(first) and "left_out" not in _line(second)


def test_a_line_that_repeats_is_logged_once_and_then_with_the_number_left_out(clock: Clock) -> None:
    floods = _limit(clock)
    same = [_record("chat", "commit_failed", error=f"refused, port {number}", count=number) for number in range(5)]
    assert [floods.filter(line) for line in same] == [True, False, False, False, False]

    clock.now += 10
    later = _record("chat", "commit_failed", error="refused, port 9")
    assert floods.filter(later) and "left_out=4" in _line(later)


def test_all_lines_are_logged_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IM_LOG_RATE_LIMIT", "0")
    floods = _limit(Clock())
    assert all(floods.filter(_record("chat", "commit_failed")) for _ in range(50))


def test_lines_below_warning_are_always_logged(clock: Clock) -> None:
    """Operator actions are an example."""
    floods = _limit(clock)
    records = [
        logging.getLogger("operators").makeRecord("operators", logging.INFO, "", 0, "admin_action", (), None)
    ] * 9
    assert Counter(map(floods.filter, records)) == {True: 9}


def test_distinct_lines_are_not_remembered_forever(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LogRateLimit, "MAX_KINDS", 10)
    floods = _limit(clock)
    assert all(floods.filter(_record("chat", f"fault {number}")) for number in range(100))
    assert len(floods._kinds) <= 10
    again = [_record("chat", "fault 99", error=letter) for letter in "abc"]
    assert [floods.filter(line) for line in again] == [True, True, False], "the latest are known"


def test_log_lines_of_the_site_are_rate_limited() -> None:
    assert LOGGING_SETTINGS["handlers"]["console"]["filters"] == ["refused_requests", "rate_limit"]
    assert "filters" not in LOGGING_SETTINGS["handlers"]["errors"], "the metrics count all of them"
