"""The fast path and Django answer alike: status, headers in their order, and body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.actions import guest_create, token_issue
from accounts.models import App, User
from chat.api.common.throttles import throttles
from imsite.server.fast_path import FastPath
from imsite.server.proxy_headers import ProxyHeaders
from imsite.server.request_threads import HttpHandler
from tests.chat.api.conftest import Grant, LiveHub
from tests.support.asgi_calls import Request, Response, ask

FRIEND = "https://friend.example"
QUERY = "/api/v1/presence/query/"
TOKEN = {"Authorization": "Bearer {token}"}
JSON = {"Content-Type": "application/json", **TOKEN}


def query(body: object, **headers: str) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(QUERY, "POST", raw, JSON | {name.replace("_", "-"): value for name, value in headers.items()})


ANSWERED: list[Request] = [
    Request("/healthz"),
    Request("/healthz?x=1", host="10.0.0.9", headers={"Accept": "text/html"}),
    Request("/user/list?appID=101"),
    Request("/user/list?appId=101&x=&appID=102"),
    Request("/user/list?appID=101", headers=TOKEN),
    Request("/user/list"),
    Request("/user/list?appID=0"),
    Request("/user/list?appID=x"),
    Request("/user/list?appID=999", headers=TOKEN),
    Request("/user/list?" + "&".join(f"p{number}=1" for number in range(1001))),
    Request("/user/list?appID=101", address="203.0.113.9"),
    Request("/user/list?appID=101", address="::1", headers={"X-Forwarded-For": "127.0.0.1"}),
    Request("/user/online?userID=alice", address="::ffff:127.0.0.1"),
    Request("/user/online?userID=alice&appID=102", headers={"Accept-Language": "zh-CN,zh;q=0.9"}),
    Request("/user/online?userID=%EF%BC%A1lice+&userID=Alice", headers={"Accept-Language": "\xff;q=x"}),
    Request("/user/online?userID=alice", headers={"Content-Type": "application/json; charset=utf-8"}),
    Request("/api/v1/presence/alice/", headers=JSON | {"Content-Length": "0"}),
    Request("/user/online?userID=%ff%E2%80%A8%22%5C"),
    Request("/user/online?userID=%E5%A4%8F%E5%9C%AD%EF%BC%9F&appID=101", scheme="https"),
    Request("/user/online?userID=a%00", headers=TOKEN),
    Request("/user/online?userID=" + "x" * 65, host="testserver:8000"),
    Request("/user/online?userID=alice&appID=" + "9" * 30),
    Request("/user/online?userID=alice", headers={"Authorization": "Basic eDp5"}),
    Request("/user/online?userID=alice", headers={"Authorization": "Bearer wrong"}),
    Request("/user/online?userID=alice", headers={"Authorization": "Bearer \xff"}),
    Request("/user/online?userID=alice", headers={"Authorization": "Bearer {other}"}),
    Request("/user/online?userID=alice", headers={"Origin": FRIEND}),
    Request("/user/online?userID=alice", headers={"Origin": "http://testserver", **TOKEN}),
    Request("/user/online?userID=alice", headers={"Origin": "http://elsewhere.example"}),
    Request("/user/online?userID=alice", headers={"Origin": "null", "Referer": "http://x/", "Sec-Fetch-Mode": "cors"}),
    Request("/api/v1/presence/alice/", headers=TOKEN),
    Request("/api/v1/presence/%E5%A4%8F%E5%9C%AD%EF%BC%9F/", headers=TOKEN | {"Origin": FRIEND}),
    Request("/api/v1/presence/a%00%ff%0A/?format=html", headers=TOKEN),
    Request("/api/v1/presence/alice/"),
    Request("/api/v1/presence/alice/", headers={"Authorization": "Token"}),
    Request("/api/v1/presence/alice/", headers={"Authorization": "Bearer {other}"}),
    Request("/api/v1/presence/alice/", headers=TOKEN | {"Origin": "http://elsewhere.example"}),
    query({"users": ["alice", "ALICE", "夏圭？", "ghost", "\0", "\u2028"]}),
    query({"users": ["alice"], "app": 102, "more": 1}, Content_Type="application/json; charset=utf-8"),
    query({"users": [], "app": 999}),
    query({"users": ["x"] * 1001}),
    query({"users": "alice"}),
    query({"users": [""]}, Origin=FRIEND),
    query(b"{"),
    query(b"\xff"),
    query(b'{"users":' * 5000),
    query({"users": ["alice"]}, Authorization="Bearer {other}"),
    query({"users": ["alice"]}, Authorization="Bearer"),
]  # fmt: skip
LEFT_TO_DJANGO: list[Request] = [
    Request("/healthz", address="203.0.113.9"),
    Request("/healthz", "HEAD"),
    Request("/user/list?appID=101", "HEAD"),
    Request("/user/list?appID=101", "POST"),
    Request("/user/list?appID=101", "OPTIONS", headers={"Origin": FRIEND, "Access-Control-Request-Method": "GET"}),
    Request("/user/list?appID=101", host="rebound.example"),
    Request("/user/list?appID=101", host=""),
    Request("/user/list?appID=\xff"),
    Request("/user/list/?appID=101"),
    Request("/user/list?appID=101", headers={"Cookie": "sessionid=x; django_language=zh-hans"}),
    Request("/user/list?appID=101", headers={"X-Unknown": "1"}),
    Request("/user/list?appID=101", headers={"Accept-Language": "de," * 400}),
    Request("/user/list", body=b"appID=101", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    Request("/user/online?userID=alice", headers={"Content-Type": "text/plain"}),
    Request("/api/v1/presence/alice", headers=TOKEN),
    Request("/api/v1/presence/a/b/", headers=TOKEN),
    Request("/api/v1/presence//", headers=TOKEN),
    Request("/api/v1/presence/alice/", "HEAD"),
    Request("/api/v1/presence/alice/", "HEAD", headers=TOKEN),
    Request("/api/v1/presence/alice/", "DELETE", headers=TOKEN),
    Request(QUERY, headers=TOKEN),
    Request(QUERY, "POST", headers=JSON),
    query(b"users=alice", Content_Type="application/x-www-form-urlencoded"),
    query({"users": ["x" * 100] * 10}, Content_Type="application/json; charset=latin-1"),
    query({"users": ["x" * 100] * 25}),
]


@pytest.fixture(autouse=True)
def _whole_allowances() -> Iterator[None]:
    throttles.reset()
    yield
    throttles.reset()


class Ways:
    """The whole HTTP application, with the fast path or without it."""

    def __init__(self, live_hub: LiveHub, settings: Settings, tokens: dict[str, str]) -> None:
        self._live_hub, self._settings, self._tokens = live_hub, settings, tokens
        self.answered_by_django = 0
        django = live_hub.call(self._make())

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self.answered_by_django += 1
            await django(scope, receive, send)

        self._application = ProxyHeaders(FastPath(counted))

    async def _make(self) -> HttpHandler:
        return HttpHandler()

    def ask(self, request: Request, *, fast: bool) -> Response:
        self._settings.IM_FAST_PATH = fast
        throttles.reset()
        headers = {name: value.format(**self._tokens) for name, value in request.headers.items()}
        return self._live_hub.call(ask(self._application, replace(request, headers=headers)))


@pytest.fixture
def ways(live_hub: LiveHub, settings: Settings, shop: User, alice: User, web: App, ios: App, grant: Grant) -> Ways:
    settings.IM_ALLOWED_ORIGINS = (FRIEND,)
    settings.IM_API_MAX_BODY_BYTES = 60_000
    live_hub.log_in(alice, web)
    live_hub.log_in(guest_create(name="夏圭？"), web)
    tokens = {"token": grant(shop, "use_gateway").split()[1], "other": token_issue(user=alice)}
    return Ways(live_hub, settings, tokens)


def test_answers_of_the_fast_path_are_those_of_django(ways: Ways) -> None:
    for request in ANSWERED:
        fast = ways.ask(request, fast=True)
        assert ways.answered_by_django == 0, request
        assert fast == ways.ask(request, fast=False), request
        assert ways.answered_by_django == 1
        ways.answered_by_django = 0


def test_everything_that_the_fast_path_does_not_know_is_left_to_django(ways: Ways, settings: Settings) -> None:
    settings.IM_API_MAX_BODY_BYTES = 2000
    for request in LEFT_TO_DJANGO:
        ways.answered_by_django = 0
        assert ways.ask(request, fast=True) == ways.ask(request, fast=False), request
        assert ways.answered_by_django == 2, request


def test_a_foreign_host_is_refused(ways: Ways) -> None:
    assert ways.ask(Request("/user/list?appID=101", host="rebound.example"), fast=True).status == 400
