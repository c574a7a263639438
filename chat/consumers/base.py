"""The base of both consumers: one loop between a WebSocket and the commands."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from django.conf import settings

from accounts.rate_limits import counted_address
from chat import errors, reasons
from chat.commands.registry import Caller
from chat.consumers import handshake
from chat.consumers.socket import socket_of
from chat.errors import ChatError
from chat.node.lifecycle import Node, start_node
from delivery.hub.connection import Connection
from delivery.hub.segments import Batch, Frame
from delivery.rate_limits.declared import CONNECTIONS
from delivery.turn_pacer import TurnPacer

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_SECONDS = 1.0
"""Seconds that the closing handshake may take before the transport of an unresponsive client is cut."""

CLOSED_BY_CLIENT = frozenset({1000, 1001, 1005})
"""Close codes of a client that ends the connection itself; 1005 stands for none."""

ARRIVAL_FRAMES_PER_TURN = 64
"""Frames of clients who log in, or fetch what they missed, that begin in one turn of the event loop.

Up to its place in a batch each takes 0.1 ms; `delivery.db.batches` paces the results.
"""
DEPARTURES_PER_TURN = 32
"""Connections that are forgotten in one turn. Thousands end together when a proxy or a network fails."""

FULL_RETRY_SECONDS = 5.0
"""Seconds after which a client that finds a full node should try again."""

InFlightTasks = list[asyncio.Task[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Query = dict[str, list[str]]

_arrivals = TurnPacer(ARRIVAL_FRAMES_PER_TURN)
_departures = TurnPacer(DEPARTURES_PER_TURN)


class Consumer(AsyncConsumer):  # type: ignore[misc]
    """One connection. Replies keep the order of the requests; concurrent sends share commits."""

    codec: ClassVar[str]
    _encoding: str
    """The manner in which `_encode_frames` combines frames: connections with the same share the bytes of a batch."""

    def _admits(self, scope: dict[str, Any]) -> bool:
        """Return whether the page or program may connect. A refusal is logged."""
        return handshake.scope_origin_allowed(scope)

    def _new_caller(self, connection: Connection) -> Caller:
        """Return the caller of a connection that was accepted; `scope` still has its handshake."""
        return Caller(connection, session_key=handshake.session_key(self.scope))

    def _opened(self, node: Node, caller: Caller, query: Query) -> None:
        """Called once the connection is accepted; `query` is the parsed query string of its URL."""
        raise NotImplementedError

    def _client_closed(self) -> None:
        """Called before `_ended` when the client has ended the connection itself."""

    def _ended(self) -> None:
        """Called when the connection has ended."""

    async def _request(self, caller: Caller, event: dict[str, Any], in_flight: InFlightTasks) -> None:
        """Handle one frame: pass its request to `_start`."""
        raise NotImplementedError

    def _encode_frames(self, frames: list[Frame]) -> list[Frame]:
        """Combine the frames into WebSocket messages: text, or bytes for the binary protocol."""
        raise NotImplementedError

    def _writing(self, frames: list[Frame]) -> None:
        """Called before these frames are written."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Callable[..., Awaitable[None]]) -> None:
        # Channels' own consumer loop makes a task for every frame and checks database connections at each. Here a
        # connection is one loop, and database work runs in its own threads.
        self.scope, self.base_send = scope, send
        self._socket = socket_of(scope)
        self._serving = asyncio.current_task() if self._socket is None else None
        await receive()
        node = await start_node()
        address = (scope.get("client") or ("", 0))[0]
        if not self._admits(scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        if not node.accepting or not node.connection_limiter.enter(address):
            await self._refuse_handshake(503, FULL_RETRY_SECONDS)
            return
        # Last, because a proxy tries the handshake again on another node after a 503.
        if wait := CONNECTIONS.take(counted_address(address)):
            node.connection_limiter.leave(address)
            await self._refuse_handshake(429, wait)
            return
        try:
            await self._open(node, address, receive)
        except BaseException:
            node.connection_limiter.leave(address)
            raise
        await self._serve()

    async def _refuse_handshake(self, status: int, retry_seconds: float) -> None:
        """Answer the handshake with the status and a Retry-After header, if the server can, else with a close."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.base_send({"type": "websocket.close", "code": errors.DRAINING.number})
            return
        headers = [(b"retry-after", b"%d" % math.ceil(retry_seconds)), (b"content-type", b"text/plain")]
        await self.base_send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        body = b"Too many connections. Try again later.\n" if status == 429 else b"Full. Try again later.\n"
        await self.base_send({"type": "websocket.http.response.body", "body": body})

    async def _open(self, node: Node, address: str, receive: Receive) -> None:
        """Accept the connection and prepare for its frames."""
        self._closing: asyncio.Task[None] | None = None
        await self.base_send({"type": "websocket.accept"})
        connection = Connection(codec=self.codec, address=address, ticker=node.hub.ticker, on_close=self._end)
        node.hub.add(connection)
        caller = self._new_caller(connection)
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        connection.gets_activity = query.get("activity") == ["1"]
        # The request takes more memory than everything else that an idle connection keeps.
        self.scope = {}
        self._node, self._receive, self._caller = node, receive, caller
        self._in_flight: InFlightTasks = []
        self._opened(node, caller, query)
        connection.outbox.start(self._write)

    async def _serve(self) -> None:
        """Handle frames until the connection ends, or is idle on a socket that can be parked until the next frame."""
        try:
            event = await self._receive()
            while event["type"] == "websocket.receive":
                await self._handle_frame(event)
                if self._socket is not None and self._socket.park is not None:
                    self._socket.park(self._serve)
                    return
                event = await self._receive()
            if not self._caller.connection.is_closing and event.get("code") in CLOSED_BY_CLIENT:
                self._client_closed()
            await _departures.wait()
        except BaseException:
            self._leave()
            raise
        self._leave()

    async def _handle_frame(self, event: dict[str, Any]) -> None:
        connection = self._caller.connection
        connection.mark_seen()
        if not (connection.is_attached and connection.is_synced):
            # A crowd that returns must not hold up the others.
            await _arrivals.wait()
        # A reply needs room in the outbox: a client that sends requests faster than it reads replies waits, instead of
        # being disconnected.
        await connection.outbox.wait_for_room()
        # When the session has ended or the server is draining, further frames are ignored.
        if not (connection.is_closing or connection.drain_close):
            await self._request(self._caller, event, self._in_flight)

    def _leave(self) -> None:
        """Forget the connection, which has ended."""
        connection = self._caller.connection
        connection.is_closing = True
        connection.resume_after(None)
        try:
            self._ended()
        finally:
            self._node.hub.remove(connection)
            self._node.connection_limiter.leave(connection.address)
            connection.release()
            # The writer finishes sends in flight; their replies have no receiver. The last ones may not have begun yet,
            # and a message that came before the end is stored.
            asyncio.get_running_loop().call_soon(_cancel, self._in_flight)

    async def _start(self, work: Coroutine[Any, Any, None], in_flight: InFlightTasks, *, pipelined: bool) -> None:
        """Run the request `work`.

        A pipelined one (a send) starts at once; any other first waits for the sends before it.
        """
        try:
            while in_flight and (in_flight[0].done() or not pipelined):
                await in_flight.pop(0)
            if pipelined and len(in_flight) >= settings.IM_MAX_IN_FLIGHT:
                await in_flight.pop(0)
        except BaseException:
            # The connection is cut before the request's turn. Python warns of a coroutine that is dropped unstarted.
            work.close()
            raise
        if pipelined:
            in_flight.append(asyncio.create_task(work))
        else:
            await work

    def _flood_refusal(self, connection: Connection) -> ChatError:
        return ChatError(
            reasons.RATE_LIMITED, retryAfter=round(connection.request_limit.retry_after(), 3), scope="connection"
        )

    def _end_flood(self, connection: Connection) -> None:
        """Disconnect a client whose refused requests exceed the burst limit."""
        if connection.request_limit.is_overdrawn:
            connection.close(errors.FLOOD.number, errors.FLOOD.reason)

    # -- writing --------------------------------------------------------------------------------------------------

    def _write(self, batch: Batch) -> Coroutine[Any, Any, None] | None:
        self._writing(batch)
        if self._socket is None:
            return self._send_each(self._encode_frames(batch))
        data = batch.encoded.get(self._encoding)
        if data is None:
            data = batch.encoded[self._encoding] = self._socket.frame(self._encode_frames(batch))
        return self._socket.send_frames(data)

    async def _send_each(self, messages: list[Frame]) -> None:
        for message in messages:
            kind = "text" if isinstance(message, str) else "bytes"
            await self.base_send({"type": "websocket.send", kind: message})

    def _end(self, code: int, reason: str) -> None:
        self._closing = asyncio.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        """Send the close frame; cut the transport if the client does not read it."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self.base_send({"type": "websocket.close", "code": code, "reason": reason})
        except TimeoutError:
            if self._socket is not None:
                self._socket.abort()
            elif self._serving is not None:
                self._serving.cancel()
        except Exception as error:
            logger.debug("close_failed", extra={"error": repr(error)})


def _cancel(tasks: InFlightTasks) -> None:
    for task in tasks:
        task.cancel()
