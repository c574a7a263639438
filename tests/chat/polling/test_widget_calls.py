"""Widgets poll from the pages that may embed a channel; the browser lets them call, and sends no cookie."""

from __future__ import annotations

from typing import Any

import pytest

from imsite.server.polling import Polling
from tests.support.asgi_calls import Request, ask
from tests.support.in_process import LocalNode
from tests.support.polling import PollingCaller, in_process

pytestmark = pytest.mark.django_db(transaction=True)

SHOP, OTHER = "https://shop.example", "https://other.example"
UNKNOWN = (404, {"reason": "unknown_connection"})


@pytest.fixture(autouse=True)
def _origins(settings: Any) -> None:
    settings.IM_WIDGET_ORIGINS = [SHOP, OTHER]


def _caller(application: Polling, origin: str = SHOP, address: str = "192.0.2.1") -> PollingCaller:
    return PollingCaller(in_process(application, "/widget", address=address), Origin=origin)


async def test_a_browser_is_told_that_the_page_may_call(application: Polling, node: LocalNode) -> None:
    asked = Request("/widget/polling/open", "OPTIONS", headers={"Origin": SHOP})
    preflight = await ask(application, asked)
    assert preflight.status == 200
    headers = dict(preflight.headers)
    assert headers[b"access-control-allow-origin"] == SHOP.encode()
    assert headers[b"access-control-allow-headers"] == b"content-type, x-polling-connection"
    assert b"access-control-allow-credentials" not in headers

    call = {"Origin": SHOP, "Content-Type": "application/json", "X-Polling-Connection": "new"}
    answer = await ask(application, Request("/widget/polling/open", "POST", b"{}", call))
    assert (answer.status, dict(answer.headers)[b"access-control-allow-origin"]) == (200, SHOP.encode())
    assert dict(answer.headers)[b"vary"] == b"Origin"


async def test_a_page_that_is_not_allowed_is_told_nothing(application: Polling, node: LocalNode) -> None:
    for origin in ("https://evil.example", "null", f"{SHOP}.evil.example"):
        caller = _caller(application, origin)
        assert await caller.open() == (403, {"reason": "foreign_origin"})
        asked = Request("/widget/polling/open", "OPTIONS", headers={"Origin": origin})
        preflight = await ask(application, asked)
        assert preflight.status == 405
        assert not [name for name, _ in preflight.headers if name.startswith(b"access-control")]


async def test_a_connection_is_unknown_to_the_page_of_another_origin(application: Polling, node: LocalNode) -> None:
    shop = _caller(application)
    assert (await shop.open())[0] == 200
    for caller in (_caller(application, OTHER), PollingCaller(in_process(application))):
        caller.connection = shop.connection
        for action in ("poll", "send", "close"):
            assert await caller.call(action) == UNKNOWN
    # A network may change the address of a browser.
    moved = _caller(application, address="192.0.2.9")
    moved.connection = shop.connection
    assert (await moved.send(1, {"seq": "1", "cmd": "ping"}))[0] == 200


async def test_the_polls_of_a_crowded_browser_wait_for_a_short_time(
    application: Polling, node: LocalNode, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_POLLING_WAIT = 3600.0
    monkeypatch.setattr("chat.polling.calls.SHORT_WAIT_SECONDS", 0.01)
    crowd = [_caller(application) for _ in range(4)]
    for caller in (*crowd, _caller(application, address="192.0.2.2")):
        assert (await caller.open())[0] == 200
    assert await crowd[0].poll() == (200, {"frames": [], "last": 0})
    assert application._calls._wait_seconds(next(iter(application._calls._open_by_browser))) == 0.01
    assert min(application._calls._open_by_browser.values()) == 1
