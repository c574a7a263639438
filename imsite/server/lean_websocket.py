"""A WebSocket protocol for uvicorn that keeps little for an idle connection.

uvicorn's own keeps a task, a queue, an event, a parser, and the request with its headers. This one keeps no request and
no parser, and no task while the application has parked the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from chat.consumers.socket import Resume
from imsite.server import websocket_handshake as handshake
from imsite.server.websocket import frame_messages
from imsite.server.websocket_wire import CONNECTING, LOST, OPEN, Event, WebSocketWire

CLOSE_TIMEOUT_SECONDS = 10.0
"""Seconds for which a peer may leave a close frame unanswered, or data unread at the end."""
MAX_PONG_DELAYS = 3
"""Time-outs by which a pong may be late because this node is busy and does not read.

A peer that only sends would otherwise keep its connection for as long as the answers fit into the buffers.
"""
_logger = logging.getLogger("uvicorn.error")

Address = tuple[str, int | None]


class LeanWebSocketProtocol(WebSocketWire):
    """A WebSocket with an ASGI application.

    It is the `Socket` of its scope's extension `imsite.socket`, and can be parked. It agrees on no compression, whose
    contexts take tens of kibibytes.
    """

    __slots__ = (
        "_accept",
        "_app_state",
        "_close_timer",
        "_delays",
        "_end",
        "_inbox",
        "_is_paused",
        "_refusal",
        "_resume",
        "_waiter",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state)
        self._app_state = app_state
        self._accept = ""
        """The `Sec-WebSocket-Accept` value of a handshake that the application has not answered."""
        self._refusal: tuple[int, list[tuple[bytes, bytes]], bytes] | None = None
        """The beginning of the response with which the application refuses the handshake."""
        self._inbox: deque[Event] | None = None
        """Events that the application has not received, if any."""
        self._end: tuple[int, str] | None = None
        """The code and reason of the end, which follows the inbox."""
        self._is_paused = False
        """True if nothing is read until the application has received the inbox."""
        self._waiter: asyncio.Future[None] | None = None
        """Pending while the application waits for an event."""
        self._resume: Resume | None = None
        """Set while the connection is parked."""
        self._close_timer: asyncio.TimerHandle | None = None
        self._delays = 0
        """Time-outs that passed since the last ping while this node did not read."""

    # -- the transport --------------------------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None

    def shutdown(self) -> None:
        """End the connection because the server stops: with 1012, or with 503 before the handshake is answered."""
        if self._state == CONNECTING:
            self._refuse(handshake.refused_response(503, "This node is shutting down. Try again.\n"))
            return
        if self._state == OPEN:
            self._send_close(1012)
        self._shut()
        self._end_with(1012)

    def _shut(self) -> None:
        super()._shut()
        if self._close_timer is None:
            # Unsent data must not keep open the socket of a peer that does not read.
            self._close_timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_SECONDS, self.abort)

    # -- the handshake --------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._state != CONNECTING:
            super().data_received(data)
        elif not self._accept:
            transport = self._transport
            self.handle_request(*handshake.split_head(data), get_local_addr(transport), get_remote_addr(transport))

    def handle_request(
        self,
        method: bytes,
        path: bytes,
        headers: handshake.RawHeaders,
        server: Address | None,
        client: Address | None,
    ) -> None:
        """Handle the request of the handshake: start the application, or refuse it.

        `server` and `client` are the addresses of both ends; it takes several system calls to find them.
        """
        try:
            self._accept = handshake.accept_header(method, path, headers)
        except handshake.HandshakeRefused as refused:
            self._refuse(refused.answer)
            return
        transport, config = self._transport, self._config
        scope = {
            "type": "websocket",
            "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(transport) else "ws",
            "server": server,
            "client": client,
            "root_path": config.root_path,
            **handshake.request_scope(path, headers, root_path=config.root_path),
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}, "imsite.socket": {"socket": self}},
        }
        self._inbox = deque(({"type": "websocket.connect"},))
        self._start(config.loaded_app(scope, self.receive, self.send))

    def _refuse(self, answer: bytes) -> None:
        self._transport.write(answer)
        self._shut()
        self._end_with(1006)

    def _answer(self, kind: str, message: Event) -> None:
        """Accept or refuse the handshake."""
        if self._refusal is not None:
            self._refuse_with_body(kind, message)
        elif kind == "websocket.accept":
            headers = [*self._server.default_headers, *message.get("headers", ())]
            self._transport.write(handshake.accepted_response(self._accept, headers, message.get("subprotocol")))
            self._state, self._accept = OPEN, ""
            self._start_keepalive()
        elif kind == "websocket.close":
            self._refuse(handshake.refused_response(HTTPStatus.FORBIDDEN, ""))
        elif kind == "websocket.http.response.start":
            self._refusal = message["status"], list(message.get("headers", ())), b""
        else:
            raise RuntimeError(f"Unexpected ASGI message {kind!r} before the handshake is answered.")

    def _refuse_with_body(self, kind: str, message: Event) -> None:
        if kind != "websocket.http.response.body":
            raise RuntimeError(f"Unexpected ASGI message {kind!r} within a response.")
        assert self._refusal is not None
        status, headers, body = self._refusal
        self._refusal = status, headers, body + message.get("body", b"")
        if not message.get("more_body", False):
            self._refuse(handshake.application_response(*self._refusal))
            self._refusal = None

    # -- the application ------------------------------------------------------------------------------------------

    async def receive(self) -> Event:
        """Return the next event; after the last one always that the connection has ended."""
        while self._inbox is None:
            if self._end is not None:
                return {"type": "websocket.disconnect", "code": self._end[0], "reason": self._end[1]}
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        event = self._inbox.popleft()
        if not self._inbox:
            self._inbox = None
            self._resume_reading()
        return event

    async def send(self, message: Event) -> None:
        """Send an ASGI message. Waits while the peer does not read."""
        await self._wait_until_writable()
        kind = message["type"]
        if self._state == CONNECTING:
            self._answer(kind, message)
        elif self._state != OPEN:
            raise ClientDisconnected
        elif kind == "websocket.send":
            data = message.get("bytes")
            self._transport.write(frame_messages([message["text"] if data is None else data]))
        elif kind == "websocket.close":
            code, reason = message.get("code", 1000), message.get("reason") or ""
            self._send_close(code, reason)
            self._end_with(code, reason)
            self._resume_reading()
            self._close_timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_SECONDS, self.abort)
        else:
            raise RuntimeError(f"Unexpected ASGI message {kind!r}.")

    def park(self, resume: Resume) -> None:
        """Let the application return without ending the connection; see `chat.consumers.socket.Socket`."""
        self._resume = resume

    def _deliver(self, event: Event) -> None:
        if self._inbox is not None:
            self._inbox.append(event)
        else:
            self._inbox = deque((event,))
            if self._wake():
                return
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def send_keepalive_ping(self) -> None:
        self._delays = 0
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        keepalive = self._keepalive()
        is_unread = self._is_paused and self._drained is None and self._delays < MAX_PONG_DELAYS
        if is_unread and keepalive is not None:
            # The pong may have come: it is not read while the application is busy.
            self._delays += 1
            keepalive.await_pong(self)
        else:
            super().keepalive_timeout()

    def _end_with(self, code: int, reason: str = "") -> None:
        if self._end is None:
            self._end = code, reason
            self._wake()

    def _wake(self) -> bool:
        """Let the application receive. Return False if it is busy."""
        if self._resume is not None:
            resume, self._resume = self._resume, None
            self._start(resume())
        elif self._waiter is None or self._waiter.done():
            return False
        else:
            self._waiter.set_result(None)
        return True

    def _start(self, application: Awaitable[None]) -> None:
        task = asyncio.get_running_loop().create_task(self._run(application))
        self._server.tasks.add(task)

    async def _run(self, application: Awaitable[None]) -> None:
        try:
            await application
        except ClientDisconnected:
            pass
        except BaseException:
            _logger.exception("Exception in ASGI application\n")
            self._fault()
        else:
            if self._state == CONNECTING:
                _logger.error("ASGI callable returned without completing handshake.")
                self._fault()
        self._server.tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))
        if self._resume is None:
            self._finish()
        elif self._inbox is not None or self._end is not None:
            self._wake()

    def _fault(self) -> None:
        """Tell the peer that the application has failed."""
        if self._state == CONNECTING:
            self._refuse(handshake.refused_response(500, "Internal Server Error"))
        elif self._state == OPEN:
            self._send_close(1011)

    def _finish(self) -> None:
        """Close the transport after the application has returned, unless the peer's close frame is awaited."""
        if self._close_timer is None and self._state != LOST:
            self._shut()
