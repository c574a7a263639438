"""The connection of an embedded channel renews its token, and tells why it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, WebSocketRoute

from tests.support import machine
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

URL = "ws://modules.test/widget?activity=1"
LOGIN = {"id": "7", "userId": "c-1", "name": "C", "kind": "person", "appId": 101, "target": "5", "position": 40}


class Server:
    """Logs in with tokens that are not bad, renews none of another user, and records the tokens that it is given."""

    def __init__(self) -> None:
        self.tokens: list[tuple[str, str]] = []

    def accept(self, ws: WebSocketRoute) -> None:
        def answer(raw: str | bytes) -> None:
            request = json.loads(raw)
            token = request["data"].get("serviceToken", "")
            self.tokens.append((request["cmd"], token))
            response: dict[str, Any] = {"code": 200, "codeMsg": "Success", "data": LOGIN}
            if token.startswith("bad"):
                response = {"code": 1003, "reason": "widget_token_expired", "data": {"error": f"{token} has expired"}}
            if token.startswith("other") and request["cmd"] == "widget.renew":
                response = {"code": 1003, "reason": "widget_token_invalid", "data": {"error": "Not this user's."}}
            ws.send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": response}))

        ws.on_message(answer)


@pytest_asyncio.fixture(loop_scope="session")
async def server(modules: Page) -> Server:
    server = Server()
    await modules.route_web_socket(URL, server.accept)
    await modules.reload()
    return server


async def connect(modules: Page, tokens: list[str], *, lifetime_ms: int = 600_000) -> None:
    """Connect with these tokens in turn. `told` collects what happens."""
    await modules.evaluate(
        """async ([tokens, lifetimeMs]) => {
          const { WidgetConnection } = await import("/static/js/widget/connection.js");
          const { TokenSource } = await import("/static/js/widget/tokens.js");
          window.source = new TokenSource(async () => {
            if (!tokens.length) throw new Error("no more");
            return { token: tokens.shift(), expires: Date.now() + lifetimeMs };
          });
          window.told = [];
          window.connection = new WidgetConnection("http://modules.test", source);
          connection.on("ready", () => told.push("ready"));
          connection.on("user-changed", () => told.push("user-changed"));
          connection.on("refused", ({ kind, message }) => told.push(`${kind}: ${message}`));
          connection.start();
        }""",
        [tokens, lifetime_ms],
    )


async def told(modules: Page, count: int) -> list[str]:
    await modules.wait_for_function("count => told.length >= count", arg=count)
    happened: list[str] = await modules.evaluate("told")
    return happened


async def test_a_token_is_replaced_on_the_open_connection_before_it_ends(modules: Page, server: Server) -> None:
    await connect(modules, ["good 1", "good 2"], lifetime_ms=2000)

    await wait_until(lambda: len(server.tokens) >= 2)
    assert server.tokens == [("login", "good 1"), ("widget.renew", "good 2")]


async def test_an_ended_token_is_replaced_once(modules: Page, server: Server) -> None:
    await connect(modules, ["bad 1", "good 2"])

    assert await told(modules, 1) == ["ready"]
    assert server.tokens == [("login", "bad 1"), ("login", "good 2")]


async def test_a_second_refusal_is_told(modules: Page, server: Server) -> None:
    await connect(modules, ["bad 1", "bad 2", "good 3"])

    assert await told(modules, 1) == ["refused: bad 2 has expired"]


async def test_a_page_without_a_second_token_learns_why_the_first_was_refused(modules: Page, server: Server) -> None:
    await connect(modules, ["bad 1"])

    assert await told(modules, 1) == ["refused: bad 1 has expired"]


async def test_a_page_that_is_not_allowed_learns_it_by_http(modules: Page, server: Server) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(json={"allowed": False, "reason": "widget_origin_not_allowed", "error": "Not here."})

    await modules.route("http://modules.test/widget/status/", refuse)
    await modules.route_web_socket(URL, lambda ws: ws.close(code=4403))
    await connect(modules, ["good"])

    assert await told(modules, 1) == ["refused: Not here."]


async def test_a_token_of_another_user_ends_the_connection_and_is_used_for_the_next(
    modules: Page, server: Server
) -> None:
    await connect(modules, ["good"])
    await told(modules, 1)
    await modules.evaluate("source.give('other'); connection.renew()")

    assert await told(modules, 2) == ["ready", "user-changed"]
    assert await modules.evaluate("connection.socket.status") == "idle"
    assert await modules.evaluate("source.next()") == "other"


async def test_a_token_is_asked_for_again_while_its_server_cannot_be_reached(modules: Page, server: Server) -> None:
    asked = 0

    async def answer(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await route.abort()
        elif asked == 2:
            await route.fulfill(status=503)
        else:
            await route.fulfill(json={"token": "good at last"})

    await modules.route("**/token", answer)
    await modules.evaluate(
        """async () => {
          const { WidgetConnection } = await import("/static/js/widget/connection.js");
          const { TokenSource, tokensFrom } = await import("/static/js/widget/tokens.js");
          window.told = [];
          window.connection = new WidgetConnection("http://modules.test", new TokenSource(tokensFrom("/token")));
          for (const type of ["ready", "waiting", "refused"]) connection.on(type, () => told.push(type));
          connection.start();
        }"""
    )

    assert await told(modules, 3) == ["waiting", "waiting", "ready"]
    assert server.tokens == [("login", "good at last")]


async def test_a_late_failure_of_an_earlier_log_in_refuses_nothing(modules: Page, server: Server) -> None:
    await modules.evaluate(
        """async () => {
          const { WidgetConnection } = await import("/static/js/widget/connection.js");
          const { TokenSource } = await import("/static/js/widget/tokens.js");
          const late = new Promise((_, reject) => (window.fail = () => reject(new Error("late"))));
          window.source = new TokenSource(() => late);
          window.told = [];
          window.connection = new WidgetConnection("http://modules.test", source);
          connection.on("ready", () => told.push("ready"));
          connection.on("refused", ({ kind, message }) => told.push(`${kind}: ${message}`));
          connection.start();
          source.give("given");
          connection.renew();
        }"""
    )
    assert await told(modules, 1) == ["ready"]

    await modules.evaluate("fail()")
    await modules.evaluate("source.give('next'), connection.renew()")

    await wait_until(lambda: ("widget.renew", "next") in server.tokens)
    assert await told(modules, 1) == ["ready"]
