"""Every refusal of a page, program or connection is logged with what came, what is allowed, and the setting."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.errors import RateLimited
from accounts.rate_limits import mail_rate_limit
from chat.consumers.handshake import scope_origin_allowed
from chat.node.connection_limiter import ConnectionLimiter
from delivery.log_throttle import LogThrottle
from delivery.refusal_log import log_refusal

Facts = tuple[str, str, str, str]
"""Log event, what came, what would have been allowed, and the setting."""

OWN, OWN_HTTPS, FOREIGN = "http://testserver", "https://testserver", "https://evil.example"
OUTSIDE, PROXY = "203.0.113.9", "127.0.0.1"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[Facts]]:
    def facts() -> list[Facts]:
        return [
            (record.getMessage(), *(vars(record).get(name, "") for name in ("received", "allowed", "setting")))
            for record in caplog.records
            if record.levelno >= logging.WARNING
        ]

    return facts


Logged = Callable[[], list[Facts]]


def shake_hands(*, host: str = "testserver", scheme: str = "ws", **headers: str) -> bool:
    sent = [(b"host", host.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
    return scope_origin_allowed({"scheme": scheme, "headers": sent})


@pytest.mark.parametrize(
    ("headers", "facts"),
    [
        ({"origin": FOREIGN}, ("origin_refused", FOREIGN, f"{OWN}, https://friend.example", "IM_ALLOWED_ORIGINS")),
        ({"origin": OWN_HTTPS}, ("origin_refused", OWN_HTTPS, OWN, "IM_TRUSTED_PROXIES")),
        ({"origin": f"{OWN_HTTPS}:443"}, ("origin_refused", OWN_HTTPS, OWN, "IM_TRUSTED_PROXIES")),
        ({"origin": OWN, "scheme": "wss"}, ("origin_refused", OWN, OWN_HTTPS, "IM_TRUSTED_PROXIES")),
        (
            {"origin": "https://chat.test", "host": "chat.test"},
            ("host_refused", "chat.test", "localhost, testserver", "ALLOWED_HOSTS"),
        ),
        (
            {"cookie": "sessionid=secret"},
            (
                "origin_refused",
                "a cookie without an Origin header",
                f"{OWN}, https://friend.example",
                "IM_ALLOWED_ORIGINS",
            ),
        ),
    ],
)
def test_a_refused_handshake(headers: dict[str, str], facts: Facts, logged: Logged, settings: Settings) -> None:
    settings.IM_ALLOWED_ORIGINS = ("https://friend.example",)
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    assert not shake_hands(**headers)
    assert logged() == [facts]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OWN},
        {"origin": OWN, "host": "testserver:80"},
        {"origin": f"{OWN}:80"},
        {"origin": OWN_HTTPS, "host": "testserver:443", "scheme": "wss"},
        {"origin": OWN_HTTPS, "host": "TESTSERVER", "scheme": "wss"},
        {"origin": "https://friend.example"},
        {"origin": "https://friend.example:443"},
        {},
    ],
)
def test_an_allowed_handshake_logs_nothing(headers: dict[str, str], logged: Logged, settings: Settings) -> None:
    settings.IM_ALLOWED_ORIGINS = ("https://Friend.example:443/",)
    assert shake_hands(**headers)
    assert not logged()


@pytest.mark.parametrize("path", ["/user/list", "/api/v1/apps/"])
def test_a_refused_page_of_another_origin(path: str, logged: Logged, db: None) -> None:
    Client().get(path, headers={"Origin": FOREIGN})
    assert logged() == [("origin_refused", FOREIGN, OWN, "IM_ALLOWED_ORIGINS")]


@pytest.mark.parametrize(
    ("path", "setting"),
    [
        ("/user/list", "IM_OPEN_GATEWAY"),
        ("/metrics", "IM_MONITORING_NETWORKS"),
        ("/api/schema/", "IM_API_DOCS_NETWORKS"),
    ],
)
def test_a_client_outside_the_open_networks(
    path: str, setting: str, logged: Logged, settings: Settings, db: None
) -> None:
    setattr(settings, setting, ("10.0.0.0/8", "127.0.0.0/8"))
    Client(REMOTE_ADDR=OUTSIDE).get(path)
    Client(REMOTE_ADDR=PROXY).get(path, headers={"X-Forwarded-For": OUTSIDE})
    assert logged() == [
        ("network_refused", OUTSIDE, "10.0.0.0/8, 127.0.0.0/8", setting),
        ("network_refused", f"a client behind the proxy {PROXY}", "no proxy", "IM_TRUSTED_PROXIES"),
    ]


@pytest.mark.parametrize(
    ("headers", "secure_cookies", "facts"),
    [
        ({"Origin": OWN_HTTPS}, True, ("form_refused", OWN_HTTPS, OWN, "IM_TRUSTED_PROXIES")),
        ({"Referer": f"{OWN_HTTPS}/accounts/?secret"}, True, ("form_refused", OWN_HTTPS, OWN, "IM_TRUSTED_PROXIES")),
        ({"Origin": OWN}, True, ("form_refused", OWN, "https", "IM_TRUSTED_PROXIES")),
        ({"Origin": FOREIGN}, False, ("form_refused", FOREIGN, OWN, "")),
        ({}, False, ("form_refused", "an outdated CSRF token", "a token of the browser's session", "")),
        ({"Referer": "http://[bad"}, False, ("form_refused", "an outdated CSRF token",
                                             "a token of the browser's session", "")),
    ],
)  # fmt: skip
def test_a_refused_form(
    headers: dict[str, str], secure_cookies: bool, facts: Facts, logged: Logged, settings: Settings, db: None
) -> None:
    settings.CSRF_COOKIE_SECURE = secure_cookies
    Client(enforce_csrf_checks=True).post("/accounts/login/", {"username": "alice"}, headers=headers)
    assert logged() == [facts]


def test_a_request_for_an_unknown_host(logged: Logged, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.test", "localhost"]
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400
    assert set(logged()) == {("host_refused", "evil.example", "chat.test, localhost", "ALLOWED_HOSTS")}


def test_too_many_connections(logged: Logged, settings: Settings) -> None:
    settings.IM_MAX_CONNECTIONS, settings.IM_MAX_CONNECTIONS_PER_ADDRESS = 2, 1
    limiter = ConnectionLimiter()
    assert limiter.enter(OUTSIDE) and not limiter.enter(OUTSIDE)
    assert limiter.enter(PROXY) and not limiter.enter("192.0.2.1")
    assert logged() == [
        ("connection_refused", OUTSIDE, "1", "IM_MAX_CONNECTIONS_PER_ADDRESS"),
        ("connection_refused", "", "2", "IM_MAX_CONNECTIONS"),
    ]


def test_a_rate_limit_by_address_is_logged_without_the_address(logged: Logged, settings: Settings) -> None:
    """The limit also counts recipients of mail, and no store shows who was counted."""
    settings.IM_MAIL_RATE = 1
    mail_rate_limit.reset()
    mail_rate_limit.take("alice@example.org")
    with pytest.raises(RateLimited):
        mail_rate_limit.take("alice@example.org")
    assert logged() == [("rate_limit_exceeded", "", "1 per hour", "IM_MAIL_RATE")]


def test_the_same_refusal_is_logged_once_and_another_at_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        for received in ("https://a.example", "https://b.example"):
            log_refusal("origin_refused", received=received, allowed=OWN, setting="IM_ALLOWED_ORIGINS")
    throttle = LogThrottle(itertools.count().__next__)
    shown: list[Any] = [vars(record)["received"] for record in caplog.records if throttle.admit(record)]
    assert shown == ["https://a.example", "https://b.example"]


def test_text_of_the_client_forges_no_line(logged: Logged) -> None:
    log_refusal("origin_refused", received="https://a\r\n\x1b[31merror" + "x" * 1000, allowed=OWN)
    [(_, received, _, _)] = logged()
    assert received.startswith("https://a???[31merror") and len(received) == 200
