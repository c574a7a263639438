"""A line over a site that does what the test says: what it does when the connection goes, and what it hands on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from imsite.client import Client, ClientConnection, Closed, Disconnected, Push, Refused
from imsite.client import connection as line_module
from tests.support.eventually import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("impatience")

LOGIN = {
    "userId": "bot", "id": "7", "name": "Bot", "kind": "service", "appId": 101, "target": "1", "position": 40,
}  # fmt: skip


class Seat:
    """The site's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def asked(self, cmd: str) -> dict[str, Any]:
        """The next request, which is this one."""
        request: dict[str, Any] = json.loads(await self.socket.recv())
        assert request["cmd"] == cmd
        return request

    async def answer(self, request: dict[str, Any], data: Any, code: int = 200) -> None:
        response = {"code": code, "codeMsg": "", "data": data}
        await self.socket.send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": response}))

    async def push(self, *positions: int) -> None:
        for position in positions:
            await self.socket.send(json.dumps(envelope(position)))

    async def enter(self, position: int = 40) -> dict[str, Any]:
        """Answer the log-in; returns what it gave."""
        request = await self.asked("login")
        await self.answer(request, LOGIN | {"position": request["data"].get("after", position)})
        given: dict[str, Any] = request["data"]
        return given

    async def page(self, *positions: int, upto: int, more: bool = False) -> int:
        """Answer a `sync`; returns where it began."""
        request = await self.asked("sync")
        events = [envelope(position) for position in positions]
        await self.answer(request, {"events": events, "position": upto, "hasMore": more})
        after: int = request["data"]["after"]
        return after

    async def cut(self) -> None:
        self.socket.transport.abort()
        await self.socket.wait_closed()

    async def stay(self) -> None:
        await self.socket.wait_closed()


def envelope(position: int) -> dict[str, Any]:
    data = {"target": "1", "type": "text", "msg": f"message {position}", "fromId": "9", "position": position}
    return {"seq": str(position), "cmd": "msg", "response": {"code": 200, "codeMsg": "Ok", "data": data}}


Scene = Callable[[Seat], Awaitable[None]]


class Stage:
    """A site whose first connection goes as the first scene says, and so on; the last is played for all others."""

    def __init__(self, *scenes: Scene) -> None:
        self._scenes = scenes
        self.faults: list[BaseException] = []
        self.connections = 0
        self.statuses: list[int] = []
        """Answers to the first handshakes instead of accepting them."""

    async def _play(self, socket: ServerConnection) -> None:
        scene = self._scenes[min(self.connections, len(self._scenes) - 1)]
        self.connections += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await scene(Seat(socket))
        except BaseException as fault:
            self.faults.append(fault)
            raise

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        return socket.respond(self.statuses.pop(0), "no\n") if self.statuses else None

    @asynccontextmanager
    async def line(self, **options: Any) -> AsyncIterator[ClientConnection]:
        async with serve(self._play, "127.0.0.1", 0, process_request=self._admit) as server, asyncio.timeout(PATIENCE):
            port = next(iter(server.sockets)).getsockname()[1]
            async with Client(f"http://127.0.0.1:{port}", token="secret") as im, im.listen(**options) as line:
                yield line
        assert not self.faults


async def take(line: ClientConnection, count: int) -> list[int | None]:
    return [(await anext(line)).position for _ in range(count)]


async def done_with(line: ClientConnection, position: int) -> None:
    """Ask for the next push, which there is none of, until all up to that position is done with."""
    asking = asyncio.ensure_future(anext(line))
    await eventually(lambda: line.position == position)
    asking.cancel()


async def test_a_line_logs_in_with_its_token_and_hears_what_comes() -> None:
    async def scene(seat: Seat) -> None:
        assert seat.socket.request is not None
        assert seat.socket.request.path == "/acc?batch=1"
        assert await seat.enter() == {"appId": 102, "serviceToken": "secret"}
        await seat.socket.send(json.dumps([envelope(41), envelope(42)]))
        await seat.stay()

    async with Stage(scene).line(app=102) as line:
        assert (line.me.user_id, line.me.room) == ("bot", "1")
        assert await take(line, 2) == [41, 42]


async def test_after_a_cut_nothing_is_missing_and_nothing_comes_twice() -> None:
    async def first(seat: Seat) -> None:
        await seat.enter()
        await seat.push(41, 42)
        await seat.cut()

    async def second(seat: Seat) -> None:
        assert (await seat.enter())["after"] == 40
        await seat.push(46)
        assert await seat.page(41, 42, 43, upto=43, more=True) == 40
        assert await seat.page(44, 46, upto=46) == 43
        await seat.push(47)
        await seat.stay()

    async with Stage(first, second).line() as line:
        assert await take(line, 6) == [41, 42, 43, 44, 46, 47]


async def test_a_program_goes_on_where_it_was_when_it_ended() -> None:
    async def scene(seat: Seat) -> None:
        assert (await seat.enter())["after"] == 30
        await seat.page(31, 32, upto=35)
        await seat.stay()

    async with Stage(scene).line(after=30) as line:
        assert await take(line, 1) == [31]
        assert line.position == 30, "what has been handed out is not done with yet"
        assert await take(line, 1) == [32]
        await done_with(line, 35)


async def test_a_send_is_offered_until_it_is_acknowledged_under_one_key() -> None:
    keys = []

    async def lose(seat: Seat) -> None:
        await seat.enter()
        keys.append((await seat.asked("message.send"))["data"]["clientMsgId"])
        await seat.cut()

    async def accept(seat: Seat) -> None:
        await seat.enter()
        await seat.page(41, upto=41)
        request = await seat.asked("message.send")
        keys.append(request["data"]["clientMsgId"])
        await seat.answer(request, {"retryAfter": 0.1}, code=1011)
        request = await seat.asked("message.send")
        keys.append(request["data"]["clientMsgId"])
        await seat.answer(request, {"target": "5", "id": "70", "seq": 3, "position": 41, "time": 1})
        await seat.stay()

    async with Stage(lose, accept).line() as line:
        sent = await line.send("hello", target="5")
        assert (sent.id, sent.seq, sent.position) == ("70", 3, 41)
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_ones_own_acknowledged_message_is_not_heard_after_a_cut() -> None:
    async def first(seat: Seat) -> None:
        await seat.enter()
        await seat.answer(await seat.asked("message.send"), {"target": "5", "id": "70", "seq": 3, "position": 41})
        await seat.asked("ping")
        await seat.cut()

    async def second(seat: Seat) -> None:
        await seat.enter()
        await seat.page(41, 42, upto=42)
        await seat.stay()

    async with Stage(first, second).line() as line:
        await line.send("hello", target="5")
        with pytest.raises(Disconnected):
            await line.call("ping")
        assert await take(line, 1) == [42]


async def test_a_question_is_asked_again_only_where_that_does_no_harm() -> None:
    async def first(seat: Seat) -> None:
        await seat.enter()
        await seat.asked("channel.list")
        await seat.cut()

    async def second(seat: Seat) -> None:
        await seat.enter()
        await seat.page(upto=40)
        await seat.answer(await seat.asked("channel.list"), {"channels": []})
        await seat.asked("channel.create")
        await seat.cut()

    async def third(seat: Seat) -> None:
        await seat.enter()
        await seat.page(upto=40)
        await seat.stay()

    async with Stage(first, second, third).line() as line:
        assert await line.call("channel.list", repeat=True) == {"channels": []}
        with pytest.raises(Disconnected):
            await line.call("channel.create", kind="public", name="Painters")


async def test_a_heartbeat_moves_the_position() -> None:
    async def scene(seat: Seat) -> None:
        await seat.enter()
        await seat.push(41)
        await seat.answer(await seat.asked("heartbeat"), {"position": 45})
        await seat.push(46)
        await seat.stay()

    async with Stage(scene).line(heartbeat=0.01) as line:
        assert await take(line, 2) == [41, 46]
        await done_with(line, 45)


async def test_a_connection_that_does_not_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "ANSWER_WITHIN", 0.2)

    async def silent(seat: Seat) -> None:
        await seat.enter()
        await seat.stay()

    async def answers(seat: Seat) -> None:
        await seat.enter()
        await seat.page(upto=40)
        await seat.answer(await seat.asked("ping"), "pong")
        await seat.stay()

    async with Stage(silent, answers).line() as line:
        assert await line.call("ping", repeat=True) == "pong"


async def test_too_far_behind_is_told_as_a_reset() -> None:
    async def scene(seat: Seat) -> None:
        await seat.enter()
        await seat.answer(await seat.asked("sync"), {"reset": True, "position": 9000})
        await seat.push(9001)
        await seat.stay()

    async with Stage(scene).line(after=1) as line:
        assert await anext(line) == Push("reset", {"position": 9000})
        assert await take(line, 1) == [9001]


async def test_pushes_that_nobody_takes_end_in_a_reset() -> None:
    async def scene(seat: Seat) -> None:
        await seat.enter()
        await seat.push(41, 42, 43, 44)
        await seat.answer(await seat.asked("ping"), "pong")
        await seat.push(45)
        await seat.stay()

    async with Stage(scene).line(backlog=3) as line:
        await line.call("ping")
        assert (await anext(line)).cmd == "reset"
        assert await take(line, 1) == [45]


@pytest.mark.parametrize("code", [4001, 4003])
async def test_an_end_for_good_is_told_to_everybody_who_waits(code: int) -> None:
    async def scene(seat: Seat) -> None:
        await seat.enter()
        await seat.asked("message.send")
        await seat.socket.close(code, "signed out")

    stage = Stage(scene)
    async with stage.line() as line:
        sending = asyncio.create_task(line.send("hello"))
        with pytest.raises(Closed, match="signed out") as caught:
            await anext(line)
        assert caught.value.code == code
        with pytest.raises(Closed):
            await sending
    assert stage.connections == 1


@pytest.mark.parametrize("code", [1012, 4002, 4008, 4029])
async def test_after_any_other_end_it_comes_back(code: int) -> None:
    async def first(seat: Seat) -> None:
        await seat.enter()
        await seat.socket.close(code, "retry in 0.5s" if code == 1012 else "")

    async def second(seat: Seat) -> None:
        await seat.enter()
        await seat.page(41, upto=41)
        await seat.stay()

    async with Stage(first, second).line() as line:
        assert await take(line, 1) == [41]


async def test_a_refused_log_in_is_raised() -> None:
    async def scene(seat: Seat) -> None:
        await seat.answer(await seat.asked("login"), {"error": "This token is not valid."}, code=1003)
        await seat.stay()

    with pytest.raises(Refused, match="not valid"):
        async with Stage(scene).line():
            pass


async def test_a_fault_at_the_log_in_passes() -> None:
    async def fault(seat: Seat) -> None:
        await seat.answer(await seat.asked("login"), {"error": "A fault here."}, code=1004)
        await seat.stay()

    async def well(seat: Seat) -> None:
        await seat.enter()
        await seat.stay()

    async with Stage(fault, well).line() as line:
        assert line.me.id == "7"


async def test_a_full_site_is_tried_again_and_one_that_refuses_is_not() -> None:
    async def scene(seat: Seat) -> None:
        await seat.enter()
        await seat.stay()

    stage = Stage(scene)
    stage.statuses = [503, 503]
    async with stage.line() as line:
        assert line.me.id == "7"
    stage = Stage(scene)
    stage.statuses = [403]
    with pytest.raises(Refused):
        async with stage.line():
            pass


async def test_a_guest_comes_back_as_the_same_one() -> None:
    async def first(seat: Seat) -> None:
        request = await seat.asked("login")
        assert request["data"] == {"appId": 101, "userId": "夏圭？"}
        await seat.answer(request, LOGIN | {"serviceToken": "made", "kind": "guest"})
        await seat.cut()

    async def second(seat: Seat) -> None:
        assert await seat.enter() == {"appId": 101, "serviceToken": "made", "after": 40}
        await seat.page(41, upto=41)
        await seat.stay()

    async with Stage(first, second).line(token="", name="夏圭？") as line:
        assert await take(line, 1) == [41]
        assert line.token == "made"


async def test_a_line_closed_here_ends_the_loop() -> None:
    async def scene(seat: Seat) -> None:
        await seat.enter()
        await seat.push(41)
        await seat.stay()

    heard = []
    async with Stage(scene).line() as line:
        async for push in line:
            heard.append(push.position)
            await line.close()
    assert heard == [41]
