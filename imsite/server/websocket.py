"""uvicorn's WebSocket protocol with shared frames, batched writes, abort, better refusals and extra limits.

A write to a socket costs more than everything else in a delivery, so frames that are ready together share one write.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chat.errors import FLOOD
from delivery.rate_limits.token_bucket import TokenBucket
from imsite.server.incoming_messages import MAX_FRAGMENTS

TOO_LARGE = 1009
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TEXT, _BINARY = 0x81, 0x82
_HEAD_16, _HEAD_64 = Struct("!BBH"), Struct("!BBQ")
_MAX_SHARED_LENGTH = 4096
"""Messages up to this length are probably pushes to many connections. Longer ones are replies to a single one."""


def _frame(message: str | bytes) -> bytes:
    """Return the message as one frame, as the library makes it in five times as long."""
    first, payload = (_TEXT, message.encode()) if isinstance(message, str) else (_BINARY, message)
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    head = _HEAD_16.pack(first, 126, size) if size < 65536 else _HEAD_64.pack(first, 127, size)
    return head + payload


# A server does not mask its frames, so a push has the same bytes for all its receivers.
_shared_frame = lru_cache(maxsize=512)(_frame)


def frame_messages(messages: Sequence[str | bytes]) -> bytes:
    """Return each message as a frame, one after the other. The same bytes may be sent to any number of peers."""
    frames = [_shared_frame(message) if len(message) <= _MAX_SHARED_LENGTH else _frame(message) for message in messages]
    return frames[0] if len(frames) == 1 else b"".join(frames)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Adds the scope extension `imsite.socket` with this object, a `chat.consumers.socket.Socket`.

    Pings are answered only while the peer reads its data, and are rate limited like requests.
    """

    frame = staticmethod(frame_messages)
    park = None
    _on_ping: Callable[[], None] | None = None
    _on_pong: Callable[[], None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pings = TokenBucket(settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST)
        self._is_shutting_down = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.transport.is_closing():
            # The websockets library has refused the handshake (a body, too many headers). uvicorn does not check for
            # that and would leave the socket open forever.
            refusal = b"".join(self.conn.data_to_send())
            self.transport.write(refusal or _BAD_REQUEST)
            self.transport.close()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        # The application's task is created but has not run yet. A refused handshake has no scope.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions["imsite.socket"] = {"socket": self}

    def send_frames(self, data: bytes) -> Coroutine[Any, Any, None] | None:
        """Send complete frames in one write. While the peer does not read, return a coroutine that waits, then sends.

        Raise ClientDisconnected if the connection has ended.
        """
        if not self.writable.is_set():
            return self._send_frames_later(data)
        self._send_frames_now(data)
        return None

    async def _send_frames_later(self, data: bytes) -> None:
        await self.writable.wait()
        self._send_frames_now(data)

    def _send_frames_now(self, data: bytes) -> None:
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(data)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn omits this and would log each handshake that the application refuses with 503 as an error.
            self.handshake_complete = True

    def abort(self) -> None:
        """Close the connection without a close frame, for a peer that does not read."""
        self.transport.abort()

    def watch_pings(self, on_ping: Callable[[], None], on_pong: Callable[[], None]) -> None:
        """Call `on_ping` before each keepalive ping, and `on_pong` when the peer has answered it."""
        self._on_ping, self._on_pong = on_ping, on_pong

    def send_keepalive_ping(self) -> None:
        if self._on_ping is not None:
            self._on_ping()
        super().send_keepalive_ping()

    def handle_pong(self, event: Any) -> None:
        expected = self.pending_ping_payload
        super().handle_pong(event)
        if expected is not None and self.pending_ping_payload is None and self._on_pong is not None:
            self._on_pong()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.handshake_complete and self.conn.close_rcvd is None:
            # uvicorn tells the application 1005, as if the peer had sent a close frame without a code.
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._is_shutting_down = True
        super().shutdown()
        self._release_writes()

    def send_500_response(self) -> None:
        """Answer a handshake in progress with 503 during shutdown, so that nginx tries the next node.

        uvicorn answers 500, which clients of a restarting node took for a final answer.
        """
        if not self._is_shutting_down:
            super().send_500_response()
        elif not self.initial_response and not self.handshake_complete:
            self.conn.send_response(self.conn.reject(503, "This node is shutting down. Try again.\n"))
            self.transport.write(b"".join(self.conn.data_to_send()))

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
        else:
            self._fail(TOO_LARGE, "too many fragments")

    def handle_ping(self) -> None:
        if not self._pings.take() and self._pings.is_overdrawn:
            self._fail(FLOOD.number, FLOOD.reason)
        elif self.writable.is_set():
            super().handle_ping()
        else:
            # Discard the pong, because pongs would accumulate. The pong to a later ping is enough.
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # Closing never completes for a peer that does not read, so notify the application now.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self._release_writes()

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._release_writes()

    def _release_writes(self) -> None:
        """Let writes that wait for the peer to read fail if the connection ends: the application may wait for them."""
        if self.transport.is_closing():
            self.writable.set()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        # Unsent data must not keep open the socket of a peer that does not read.
        self.loop.call_later(self.close_timeout, self.transport.abort)

    def _fail(self, code: int, reason: str) -> None:
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.frames = []
            self.handle_parser_exception()
            if not self.writable.is_set():
                self.abort()
