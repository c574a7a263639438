"""A connection that cannot be made is tried again by itself, and its reason is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, WebSocketRoute

from chat import reasons
from chat.errors import Reason
from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_CHECK = "http://modules.test/acc?check=1"
"""The address at which the client looks whether the site would accept a WebSocket."""

SUCCESS: dict[str, Any] = {"code": 200, "codeMsg": "Success", "data": {"position": 40, "id": "7"}}


def refusal(reason: Reason, **data: Any) -> dict[str, Any]:
    """Return the response that refuses a request for this reason."""
    return {"code": reason.code.number, "codeMsg": reason.code.text, "reason": reason.key, "data": data}


TOO_MANY = refusal(reasons.TOO_MANY_CONNECTIONS, limit=20)
SESSION_ENDED = refusal(reasons.SESSION_ENDED)


async def _answer(route: Route) -> None:
    await route.fulfill(status=204, headers={"Access-Control-Allow-Origin": "*"})


class Server:
    """Answers log-ins as the test says; a silent one accepts connections and says nothing, a refusing
    one closes them."""

    def __init__(self) -> None:
        self.login: dict[str, Any] = SUCCESS
        self.is_silent = self.is_refusing = False
        self.connections: list[WebSocketRoute] = []

    async def accept(self, ws: WebSocketRoute) -> None:
        if self.is_refusing:
            await ws.close()
            return
        self.connections.append(ws)

        def answer(raw: str | bytes) -> None:
            request = json.loads(raw)
            if self.is_silent:
                return
            response = self.login if request["cmd"] == "login" else SUCCESS
            if request["cmd"] == "sync":
                response = SUCCESS | {"data": {"events": [], "position": 40, "hasMore": False}}
            ws.send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": response}))

        ws.on_message(answer)


@pytest_asyncio.fixture(loop_scope="session")
async def server(clock_modules: Page) -> Server:
    server = Server()
    await clock_modules.route_web_socket("ws://modules.test/acc", server.accept)
    await clock_modules.route(_CHECK, _answer)
    await clock_modules.clock.install()
    await clock_modules.reload()
    script = """async () => {
      const { Socket } = await import("/static/js/net/socket.js");
      window.socket = new Socket("ws://modules.test/acc");
      window.events = [];
      socket.addEventListener("status", ({ detail }) => events.push([detail.status, detail.reason].join(" ").trim()));
      socket.addEventListener("refused", ({ detail }) => events.push(`refused ${detail.reason}`));
    }"""
    await clock_modules.evaluate(script)
    return server


async def reach(clock_modules: Page, event: str) -> list[str]:
    """Wait for the event; return all so far."""
    await clock_modules.wait_for_function("(event) => events.at(-1) === event", arg=event)
    happened: list[str] = await clock_modules.evaluate("events")
    return happened


async def test_a_tab_over_the_limit_comes_in_when_another_closes(clock_modules: Page, server: Server) -> None:
    server.login = TOO_MANY
    await clock_modules.evaluate("socket.start({ appId: 101 })")
    assert await reach(clock_modules, "waiting too-many") == ["idle", "connecting", "waiting too-many"]
    await clock_modules.clock.run_for(8_000)
    await reach(clock_modules, "waiting too-many")
    assert len(server.connections) == 2
    server.login = SUCCESS
    await clock_modules.clock.run_for(8_000)
    assert (await reach(clock_modules, "ready"))[-3:] == ["connecting too-many", "catching-up too-many", "ready"]


async def test_an_expired_connection_logs_in_again_at_once(clock_modules: Page, server: Server) -> None:
    await clock_modules.evaluate("socket.start({ appId: 101 })")
    await reach(clock_modules, "ready")
    await server.connections[0].close(code=4001, reason="expired")
    await clock_modules.wait_for_function("events.filter((event) => event === 'ready').length === 2")

    server.login = SESSION_ENDED
    await server.connections[1].close(code=4001, reason="expired")
    assert (await reach(clock_modules, "refused session_ended"))[-3:] == [
        "connecting",
        "ended",
        "refused session_ended",
    ]


async def test_a_network_that_swallows_websockets_is_named(clock_modules: Page, server: Server) -> None:
    server.is_silent = True
    await clock_modules.evaluate("socket.start({ appId: 101 })")
    await clock_modules.wait_for_function("socket.status === 'connecting'")
    await clock_modules.clock.run_for(12_000)
    assert await reach(clock_modules, "waiting blocked") == [
        "idle",
        "connecting",
        "waiting unresponsive",
        "waiting blocked",
    ]
    # The name stays during the next attempt, which the user can start at once, until one succeeds.
    server.is_silent = False
    await clock_modules.evaluate("socket.reconnect()")
    assert (await reach(clock_modules, "ready"))[-3:] == ["connecting blocked", "catching-up blocked", "ready"]


async def test_a_server_that_does_not_answer_http_either_blocks_nothing(clock_modules: Page, server: Server) -> None:
    async def fail(route: Route) -> None:
        await route.abort()

    await clock_modules.route(_CHECK, fail)
    server.is_silent = True
    await clock_modules.evaluate("socket.start({ appId: 101 })")
    await clock_modules.clock.run_for(12_000)
    assert (await reach(clock_modules, "waiting closed"))[-2:] == ["waiting unresponsive", "waiting closed"]


async def test_a_server_that_refuses_by_itself_does_not_make_the_page_poll(clock_modules: Page, server: Server) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=429, headers={"Access-Control-Allow-Origin": "*"})

    await clock_modules.route(_CHECK, refuse)
    server.is_refusing = True
    script = """async () => {
      const { Socket } = await import("/static/js/net/socket.js");
      window.attempts = window.polls = 0;
      class webSocket extends WebSocket {
        constructor(url) {
          super(url);
          attempts++;
        }
      }
      const openPolling = () => new WebSocket(`ws://modules.test/acc?${polls++}`);
      window.socket = new Socket("ws://modules.test/acc", { openPolling, webSocket });
      window.events = [];
      socket.addEventListener("status", ({ detail }) => events.push([detail.status, detail.reason].join(" ").trim()));
      socket.start({ appId: 101 });
    }"""
    await clock_modules.evaluate(script)
    for attempt in range(1, 7):
        await clock_modules.wait_for_function(
            "(attempt) => attempts === attempt && socket.status === 'waiting'", arg=attempt
        )
        if attempt % 2 == 0:
            # It has asked the server, whose answer ends the suspicion.
            await clock_modules.wait_for_function("events.at(-1) === 'waiting closed'")
        await clock_modules.evaluate("socket.reconnect()")
    assert await clock_modules.evaluate("[polls, events.includes('waiting blocked')]") == [0, False]
    server.is_refusing = False
    await clock_modules.evaluate("socket.reconnect()")
    await reach(clock_modules, "ready")


async def test_an_attempt_under_way_can_be_given_up(clock_modules: Page, server: Server) -> None:
    server.is_silent = True
    await clock_modules.evaluate("socket.start({ appId: 101 })")
    await clock_modules.wait_for_function("socket.status === 'connecting'")
    server.is_silent = False
    await clock_modules.evaluate("socket.reconnect()")
    await reach(clock_modules, "ready")
    await clock_modules.evaluate("socket.stop(); socket.reconnect()")
    assert await clock_modules.evaluate("socket.status") == "idle"
