"""The consumer of `/acc`: a pipe between a WebSocket and the commands."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from django.conf import settings

from chat import errors
from chat.commands.dispatch import Answer, answer, find
from chat.commands.registry import Call, Caller
from chat.consumers import admission
from chat.consumers.node import Node, node
from chat.errors import ChatError, Close
from chat.wire import json_codec
from delivery.connection import Connection
from delivery.outbox import Frame

logger = logging.getLogger(__name__)

CLOSE_PATIENCE = 1.0
"""Seconds that a closing handshake may wait for a reader that has stopped, before the transport is cut."""


class JsonConsumer(AsyncConsumer):  # type: ignore[misc]
    """One connection of the JSON protocol. Replies keep the order of requests; sends share commits."""

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[..., Awaitable[None]],
    ) -> None:
        # Channels' own loop makes a task for every frame and looks after database connections at each; here a
        # connection is one loop, and the database lives in threads of its own.
        self.scope, self.base_send = scope, send
        self._serving = asyncio.current_task()
        # Present under `serve`: several frames in one write, and a cut. Elsewhere plain ASGI does, more slowly.
        self._socket = scope.get("extensions", {}).get("imsite.socket")
        await receive()
        here = await node()
        address = (scope.get("client") or ("", 0))[0]
        if not admission.scope_origin_allowed(scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        if not here.accepting or not here.door.enter(address):
            await self._refuse_full()
            return
        try:
            await self._serve(here, address, receive)
        finally:
            here.door.leave(address)

    async def _refuse_full(self) -> None:
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.base_send({"type": "websocket.close", "code": errors.GOING.number})
            return
        headers = [(b"retry-after", b"5"), (b"content-type", b"text/plain")]
        await self.base_send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
        await self.base_send({"type": "websocket.http.response.body", "body": b"Full. Try again later.\n"})

    async def _serve(self, here: Node, address: str, receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        self._batch = query.get("batch") == ["1"]
        self._closing: asyncio.Task[None] | None = None
        await self.base_send({"type": "websocket.accept"})
        connection = Connection(codec="json", address=address, ticker=here.hub.ticker, end=self._end)
        here.hub.add(connection)
        caller = Caller(connection, session_key=admission.session_key(self.scope))
        writing = asyncio.create_task(self._write_all(connection))
        flying: deque[asyncio.Task[None]] = deque()
        try:
            while (event := await receive())["type"] == "websocket.receive":
                if connection.closing or connection.dismissed:
                    continue  # Its rights have ended, or the server's time: what it still says is not heard.
                connection.seen()
                await self._request(caller, event.get("text") or event.get("bytes") or "", flying)
        finally:
            connection.closing = True
            here.hub.remove(connection)
            connection.outbox.stop()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            # Sends under way are finished by the writer; nobody is left to hear of it.
            for task in flying:
                task.cancel()

    async def _request(self, caller: Caller, raw: str | bytes, flying: deque[asyncio.Task[None]]) -> None:
        """Take one frame: a send is started, anything else waits for the sends before it and is carried out."""
        connection = caller.connection
        call = Call(caller, connection.open_reply())
        allowed = connection.requests.take()
        try:
            request = json_codec.decode(raw)
        except json_codec.BadFrame as bad:
            if allowed:
                self._reply(call, bad.seq, bad.cmd, Answer(errors.ILLEGAL_PARAMETER, {"error": str(bad)}))
            else:
                self._refuse_flood(call, bad.seq, bad.cmd)
            return
        if not allowed:
            self._refuse_flood(call, request.seq, request.cmd)
            return
        command = find(request.cmd)
        work = self._carry_out(call, request)
        while flying and (flying[0].done() or command is None or not command.pipelined):
            await flying.popleft()
        if command is not None and command.pipelined:
            if len(flying) >= settings.IM_PIPELINE:
                await flying.popleft()
            flying.append(asyncio.create_task(work))
        else:
            await work

    def _refuse_flood(self, call: Call, seq: str, cmd: str) -> None:
        requests = call.caller.connection.requests
        refusal = ChatError(errors.TOO_MUCH, "Too many requests.", retryAfter=round(requests.wait(), 3))
        self._reply(call, seq, cmd, Answer(refusal.code, refusal.data))
        if requests.overdrawn:
            _close(call.caller.connection, errors.FLOOD)

    async def _carry_out(self, call: Call, request: json_codec.Request) -> None:
        result = await answer(find(request.cmd), call, request.data)
        self._reply(call, request.seq, request.cmd, result)

    def _reply(self, call: Call, seq: str, cmd: str, result: Answer) -> None:
        code = result.code
        frame = json_codec.encode(seq, cmd, code.number, code.text, result.data)
        call.caller.connection.reply(call.number, frame, awaits_pass=call.appended)

    # -- writing --------------------------------------------------------------------------------------------------

    async def _write_all(self, connection: Connection) -> None:
        try:
            await connection.outbox.run(self._write)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # The peer has gone, or the server has closed under us; the reading side hears of it as well.
            logger.debug("write_failed", extra={"error": repr(error)})

    async def _write(self, frames: list[Frame]) -> None:
        texts = cast(list[str], frames)  # This codec encodes to text only.
        if self._batch:
            texts = [json_codec.batch(texts)]
        if self._socket is not None:
            await self._socket["write"](texts)
            return
        for text in texts:
            await self.base_send({"type": "websocket.send", "text": text})

    def _end(self, code: int, reason: str) -> None:
        self._closing = asyncio.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        """Say goodbye; cut the transport of one who does not even read that."""
        try:
            async with asyncio.timeout(CLOSE_PATIENCE):
                await self.base_send({"type": "websocket.close", "code": code, "reason": reason})
        except TimeoutError:
            if self._socket is not None:
                self._socket["abort"]()
            elif self._serving is not None:
                self._serving.cancel()
        except Exception as error:
            logger.debug("close_failed", extra={"error": repr(error)})


def _close(connection: Connection, close: Close) -> None:
    connection.close(close.number, close.reason)
