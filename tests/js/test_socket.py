"""The connection returns to its position, and only while it should."""

from __future__ import annotations

import json
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocketRoute

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


class Server:
    """Answers as the site would, and records the requests of each connection."""

    def __init__(self) -> None:
        self.connections: list[WebSocketRoute] = []
        self.asked: list[list[dict[str, Any]]] = []
        self.pages: list[dict[str, Any]] = []
        """Answers to `sync`, in turn."""
        self.user_id = "7"
        """The user whose session cookie the browser has."""

    def accept(self, ws: WebSocketRoute) -> None:
        asked: list[dict[str, Any]] = []
        self.connections.append(ws)
        self.asked.append(asked)

        def answer(raw: str | bytes) -> None:
            request = json.loads(raw)
            asked.append(request)
            data: dict[str, Any] = {"position": 40, "id": self.user_id}
            if request["cmd"] == "sync":
                data = self.pages.pop(0)
            elif request["cmd"] == "login" and "userId" in request["data"]:
                data |= {"appId": 101, "serviceToken": "of the guest"}
            reply = {"code": 200, "codeMsg": "Success", "data": data}
            ws.send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": reply}))

        ws.on_message(answer)

    def commands(self, connection: int) -> list[tuple[str, Any]]:
        return [(request["cmd"], request["data"]) for request in self.asked[connection]]


@pytest_asyncio.fixture(loop_scope="session")
async def server(modules: Page) -> Server:
    server = Server()
    await modules.route_web_socket("ws://modules.test/acc", server.accept)
    await modules.reload()
    script = """async () => {
      const { Socket } = await import("/static/js/net/socket.js");
      window.socket = new Socket("ws://modules.test/acc");
      window.events = [];
      socket.onPush("msg", ({ id }) => events.push(id));
      for (const type of ["ready", "reset", "refused", "user-changed"]) {
        socket.addEventListener(type, () => events.push(type));
      }
    }"""
    await modules.evaluate(script)
    return server


async def events(modules: Page, count: int) -> list[str]:
    await modules.wait_for_function("(count) => events.length >= count", arg=count)
    happened: list[str] = await modules.evaluate("events")
    return happened


def push(id: str, **data: Any) -> dict[str, Any]:
    return {"seq": id, "cmd": "msg", "response": {"code": 200, "codeMsg": "Ok", "data": {"id": id, **data}}}


async def test_the_socket_reconnects_at_its_position_and_syncs_before_it_is_ready(
    modules: Page, server: Server
) -> None:
    await modules.evaluate("socket.start({ appId: 101, userId: 'Alice' })")
    await events(modules, 1)
    server.pages = [
        {"events": [push("a"), push("b")], "position": 42, "hasMore": True},
        {"events": [push("c")], "position": 43, "hasMore": False},
    ]
    await server.connections[0].close(code=1012)

    assert await events(modules, 5) == ["ready", "a", "b", "c", "ready"]
    assert server.commands(1) == [
        ("login", {"appId": 101, "serviceToken": "of the guest", "after": 40}),
        ("sync", {"after": 40}),
        ("sync", {"after": 42}),
    ]


async def test_each_push_comes_once_and_in_order_through_a_reconnect(modules: Page, server: Server) -> None:
    await modules.evaluate("socket.start({ appId: 101 })")
    await events(modules, 1)
    server.connections[0].send(json.dumps(push("a", position=41)))
    await events(modules, 2)
    await modules.evaluate("socket.markPassed(43)")

    def accept(ws: WebSocketRoute) -> None:
        server.accept(ws)
        # A node that is behind pushes again; a new message comes before the missed ones.
        for early in (push("old", position=40), push("d", position=45)):
            ws.send(json.dumps(early))

    await modules.route_web_socket("ws://modules.test/acc", accept)
    own, missed = push("own", position=43), [push(id, position=position) for id, position in (("b", 42), ("c", 44))]
    server.pages = [
        {"events": [push("a", position=41), missed[0], own], "position": 43, "hasMore": True},
        {"events": [missed[1], push("d", position=45)], "position": 45, "hasMore": False},
    ]
    await server.connections[0].close(code=1012)

    assert await events(modules, 6) == ["ready", "a", "b", "c", "d", "ready"]


async def test_a_new_page_resumes_the_position_of_an_earlier_one_as_its_user(modules: Page, server: Server) -> None:
    server.pages = [{"events": [push("a")], "position": 42}]
    await modules.evaluate("""() => {
      window.positions = [];
      socket.addEventListener("position", ({ detail }) => positions.push(detail));
      socket.resume({ appId: 101 }, "7", 40);
    }""")
    assert await events(modules, 2) == ["a", "ready"]
    assert server.commands(0) == [("login", {"appId": 101, "after": 40}), ("sync", {"after": 40})]
    assert await modules.evaluate("positions") == [42]
    await modules.evaluate("socket.resume({ appId: 101 }, '8', 40)")
    assert (await events(modules, 3))[2] == "user-changed"


async def test_the_socket_reconnects_after_the_retry_time_of_the_server(modules: Page, server: Server) -> None:
    await modules.evaluate("""() => {
      window.waits = [];
      socket.addEventListener("status", ({ detail }) => {
        if (detail.status === "waiting") waits.push(Math.round((detail.retryAt - Date.now()) / 1000));
      });
      socket.start({ appId: 101 });
    }""")
    await events(modules, 1)
    await server.connections[0].close(code=1012, reason="retry in 7.0s")
    await modules.wait_for_function("waits.length")
    assert await modules.evaluate("waits") == [7]


async def test_too_many_missed_events_cause_a_reset(modules: Page, server: Server) -> None:
    await modules.evaluate("socket.start({ appId: 101 })")
    await events(modules, 1)
    server.pages = [{"reset": True, "position": 90_000}]
    await server.connections[0].close(code=1001)

    assert await events(modules, 3) == ["ready", "reset", "ready"]


async def test_a_signed_out_socket_does_not_reconnect(modules: Page, server: Server) -> None:
    await modules.evaluate("socket.start({ appId: 101 })")
    await events(modules, 1)
    await server.connections[0].close(code=4001)

    assert await events(modules, 2) == ["ready", "refused"]
    assert await modules.evaluate("socket.status") == "ended"


async def test_a_stopped_socket_that_polled_tries_nothing_when_the_page_is_looked_at(modules: Page) -> None:
    script = """async () => {
      const { Socket } = await import("/static/js/net/socket.js");
      const opened = [];
      const connection = { readyState: 0, send: () => {}, close: () => {} };
      const webSocket = function () { opened.push("websocket"); return { ...connection }; };
      const openPolling = () => (opened.push("polling"), { ...connection });
      const tabStorage = { getItem: () => "polling", setItem: () => {}, removeItem: () => {} };
      const socket = new Socket("ws://modules.test/acc", { webSocket, openPolling, tabStorage });
      socket.start({ appId: 101 });
      socket.stop();
      socket.retryNow();
      socket.reconnect();
      return [opened, socket.status];
    }"""
    assert await modules.evaluate(script) == [["polling"], "idle"]


async def test_the_socket_ends_if_the_cookie_has_become_another_users(modules: Page, server: Server) -> None:
    await modules.evaluate("socket.start({ appId: 101 })")
    await events(modules, 1)
    server.user_id = "8"
    await server.connections[0].close(code=1012)

    assert await events(modules, 2) == ["ready", "user-changed"]
    # Nothing was asked for, and nothing done, as the other user.
    assert [command for command, _ in server.commands(1)] == ["login"]
    assert await modules.evaluate("socket.status") == "ended"


async def test_a_new_start_is_for_the_same_user_as_well(modules: Page, server: Server) -> None:
    await modules.evaluate("socket.start({ appId: 101 })")
    await events(modules, 1)
    server.user_id = "8"
    await modules.evaluate("socket.start({ appId: 102 })")

    assert await events(modules, 2) == ["ready", "user-changed"]


async def test_a_page_made_for_another_user_ends_at_its_first_login(modules: Page, server: Server) -> None:
    script = """async () => {
      const { Socket } = await import("/static/js/net/socket.js");
      const socket = new Socket("ws://modules.test/acc", { userId: "6" });
      return new Promise((done) => {
        for (const type of ["ready", "user-changed"]) socket.addEventListener(type, () => done(type));
        socket.start({ appId: 101 });
      });
    }"""
    assert await modules.evaluate(script) == "user-changed"


async def test_no_request_is_sent_before_the_login(modules: Page, server: Server) -> None:
    script = """async () => {
      const { DisconnectedError } = await import("/static/js/net/protocol.js");
      let failure = null;
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (frame) {
        WebSocket.prototype.send = send;
        this.send(frame);
        // The connection is open, and its user not yet known.
        socket.request("channel.leave", { target: "1" }).catch((error) => (failure = error));
      };
      await new Promise((done) => {
        socket.addEventListener("ready", done);
        socket.start({ appId: 101 });
      });
      return failure instanceof DisconnectedError;
    }"""
    assert await modules.evaluate(script) is True
    assert [command for command, _ in server.commands(0)] == ["login"]


async def test_reconnect_pauses_double_up_to_thirty_seconds_with_jitter(modules: Page) -> None:
    script = """async () => {
      const { backoffDelay } = await import("/static/js/net/protocol.js");
      return [1, 2, 3, 20].map((attempt) => [backoffDelay(attempt, 0), backoffDelay(attempt, 1)]);
    }"""
    assert await modules.evaluate(script) == [[500, 1000], [1000, 2000], [2000, 4000], [15000, 30000]]


async def test_half_of_a_surrogate_pair_makes_no_unreadable_frame(modules: Page) -> None:
    script = """async () => {
      const { encodeRequest } = await import("/static/js/net/protocol.js");
      return encodeRequest("1", "message.send", { msg: "cut \\ud83d off, \\udc4d, \\ud83d\\udc4d", n: [1, null] });
    }"""
    request = json.loads(await modules.evaluate(script))
    assert request["data"] == {"msg": "cut \ufffd off, \ufffd, \U0001f44d", "n": [1, None]}
