"""A site whose connections follow scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from imsite.client import Client, ClientConnection
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

LOGIN = {
    "userId": "bot", "id": "7", "name": "Bot", "kind": "service", "appId": 101, "target": "1", "position": 40,
}  # fmt: skip


class ScriptedConnection:
    """The site's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def asked(self, cmd: str) -> dict[str, Any]:
        """Return the next request, which must be this one."""
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
        """Answer the login and return its data."""
        request = await self.asked("login")
        await self.answer(request, LOGIN | {"position": request["data"].get("after", position)})
        given: dict[str, Any] = request["data"]
        return given

    async def page(self, *positions: int, upto: int, has_more: bool = False) -> int:
        """Answer a `sync` and return its start."""
        request = await self.asked("sync")
        events = [envelope(position) for position in positions]
        await self.answer(request, {"events": events, "position": upto, "hasMore": has_more})
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


Script = Callable[[ScriptedConnection], Awaitable[None]]


class ScriptedSite:
    """A site that plays one script for each connection, and the last one for all others."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self.faults: list[BaseException] = []
        self.connections = 0
        self.statuses: list[int] = []
        """Answers to the first handshakes instead of accepting them."""

    async def _play(self, socket: ServerConnection) -> None:
        script = self._scripts[min(self.connections, len(self._scripts) - 1)]
        self.connections += 1
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await script(ScriptedConnection(socket))
        except BaseException as fault:
            self.faults.append(fault)
            raise

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        return socket.respond(self.statuses.pop(0), "no\n") if self.statuses else None

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Run the site; yield its URL."""
        async with (
            serve(self._play, "127.0.0.1", 0, process_request=self._admit) as server,
            asyncio.timeout(TIMEOUT_SECONDS),
        ):
            port = next(iter(server.sockets)).getsockname()[1]
            yield f"http://127.0.0.1:{port}"
        assert not self.faults

    @asynccontextmanager
    async def connect(self, **options: Any) -> AsyncIterator[ClientConnection]:
        async with (
            self.serve() as url,
            Client(url, token="secret") as im,
            im.listen(**options) as connection,
        ):
            yield connection


async def take(connection: ClientConnection, count: int) -> list[int | None]:
    return [(await anext(connection)).position for _ in range(count)]


async def wait_for_position(connection: ClientConnection, position: int) -> None:
    """Ask for the next push, of which there is none, until everything up to that position is processed."""
    asking = asyncio.ensure_future(anext(connection))
    await wait_until(lambda: connection.position == position)
    asking.cancel()
