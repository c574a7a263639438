"""The connection by HTTP calls works like a WebSocket, and loses and repeats nothing when answers are lost."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_SETUP = """async () => {
  const { PollingSocket } = await import("/static/js/net/polling-socket.js");
  window.calls = [];
  window.events = [];
  // The server: answers calls as the test says, and others when the test calls `answer`.
  window.waiting = [];
  const fetch = (url, { headers, body, signal, method, keepalive }) => {
    const action = url.split("/polling/")[1];
    calls.push([action, headers["X-Polling-Connection"], JSON.parse(body), method, Boolean(keepalive)]);
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("aborted")));
      const answer = (status, body) => resolve(new Response(JSON.stringify(body), { status }));
      waiting.push({ action, reject, resolve: answer });
    });
  };
  window.take = (action) => {
    const index = waiting.findIndex((one) => one.action.startsWith(action));
    return index < 0 ? null : waiting.splice(index, 1)[0];
  };
  window.socket = new PollingSocket("wss://im.example/acc?batch=1", { fetch });
  socket.onopen = () => events.push("open");
  socket.onmessage = ({ data }) => events.push(data);
  socket.onclose = ({ code, reason }) => events.push([code, reason]);
}"""


class Server:
    """Answers the calls of the page's socket."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def answer(self, action: str, answer: Any = None, status: int = 200) -> None:
        """Wait for a call and answer it."""
        await self.page.wait_for_function(
            "([action, status, answer]) => { const call = take(action); call?.resolve(status, answer); return call; }",
            arg=[action, status, answer or {}],
            polling=20,
        )

    async def lose(self, action: str) -> None:
        """Wait for a call and let the network fail."""
        await self.page.wait_for_function(
            "(action) => { const call = take(action); call?.reject(new TypeError('network')); return call; }",
            arg=action,
            polling=20,
        )

    async def open(self) -> None:
        await self.answer("open", {"connection": "id"})
        await self.page.wait_for_function("events.length === 1")

    async def bodies(self, action: str) -> list[Any]:
        found: list[Any] = await self.page.evaluate(
            "(action) => calls.filter(([a]) => a === action).map((c) => c[2])", action
        )
        return found

    async def events(self, count: int) -> list[Any]:
        await self.page.wait_for_function("(count) => events.length >= count", arg=count)
        happened: list[Any] = await self.page.evaluate("events")
        return happened


@pytest_asyncio.fixture(loop_scope="session")
async def server(modules: Page) -> Server:
    await modules.evaluate(_SETUP)
    return Server(modules)


async def test_frames_go_both_ways_in_order(server: Server, modules: Page) -> None:
    await server.open()
    assert await modules.evaluate("calls[0]") == ["open?batch=1", "new", {}, "POST", False]
    await modules.evaluate("socket.send('1'); socket.send('2')")
    await server.answer("send", {"last": 2})
    await server.answer("poll", {"frames": ["a", "b"], "last": 2})
    await server.answer("poll", {"frames": [], "last": 2})
    await server.answer("poll", {"frames": ["c"], "last": 3, "code": 4001, "closeReason": "signed out"})
    assert await server.events(5) == ["open", "a", "b", "c", [4001, "signed out"]]
    assert await server.bodies("send") == [{"first": 1, "frames": ["1", "2"]}]
    assert await server.bodies("poll") == [{"after": 0}, {"after": 2}, {"after": 2}]
    assert await modules.evaluate("socket.readyState") == 3
    assert await modules.evaluate("calls.every(([action, id]) => action.startsWith('open') || id === 'id')")


async def test_lost_answers_are_asked_for_again_with_the_same_numbers(server: Server, modules: Page) -> None:
    await server.open()
    await modules.evaluate("socket.send('1')")
    await server.lose("send")
    await modules.evaluate("socket.send('2')")
    await server.lose("poll")
    await server.answer("send", {}, 503)
    await server.answer("poll", {}, 409)
    # The first time, the server has taken the frame. It says so when the call is repeated.
    await server.answer("send", {"last": 1})
    await server.answer("send", {"last": 2})
    await server.answer("poll", {"frames": ["a"], "last": 1})
    assert await server.events(2) == ["open", "a"]
    assert await server.bodies("send") == [{"first": 1, "frames": ["1"]}] * 3 + [{"first": 2, "frames": ["2"]}]
    assert (await server.bodies("poll"))[:3] == [{"after": 0}] * 3


async def test_an_unknown_connection_is_a_lost_one(server: Server) -> None:
    await server.open()
    await server.answer("poll", {"reason": "unknown_connection"}, 404)
    assert (await server.events(2))[1] == [1006, ""]


async def test_a_network_that_answers_in_place_of_the_server_is_no_connection(server: Server) -> None:
    await server.answer("open", {})
    assert await server.events(1) == [[1006, ""]]


async def test_a_network_without_an_answer_fails_like_a_socket(server: Server) -> None:
    await server.lose("open")
    assert await server.events(1) == [[1006, ""]]


async def test_closing_tells_the_server_even_while_the_page_closes(server: Server, modules: Page) -> None:
    await server.open()
    await modules.evaluate("socket.close()")
    assert (await server.events(2))[1] == [1000, ""]
    assert await modules.evaluate("calls.at(-1)") == ["close", "id", {}, "POST", True]


async def test_a_connection_that_opens_too_late_is_closed(server: Server, modules: Page) -> None:
    await modules.evaluate("socket.close()")
    await server.events(1)
    assert await modules.evaluate("calls.length") == 1


async def test_large_output_is_split(server: Server, modules: Page) -> None:
    await server.open()
    await modules.evaluate("for (let n = 0; n < 5; n++) socket.send(String(n).repeat(25_000))")
    await server.answer("send", {"last": 2})
    await server.answer("send", {"last": 4})
    await server.answer("send", {"last": 5})
    assert [len(body["frames"]) for body in await server.bodies("send")] == [2, 2, 1]
