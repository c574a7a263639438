"""uvicorn's WebSocket protocol with more: frames made once for everybody, a cut, an answer to what is no handshake and
to one that comes too late, and limits for what the application never gets to see.

One write to a socket costs more than all else in a delivery, so what goes out together goes out in one write.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

from chat.errors import FLOOD
from delivery.rate_limits.token_bucket import TokenBucket

MAX_FRAGMENTS = 1024
"""Fragments of one message. Empty ones cost memory without adding to its size."""
TOO_LARGE = 1009
_NO_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_SHARED_SIZE = 4096
"""Messages of up to this size are likely pushes, which go to many; longer ones are one connection's reply."""


def _frame(message: str | bytes) -> bytes:
    if isinstance(message, str):
        return bytes(Frame(Opcode.TEXT, message.encode()).serialize(mask=False))
    return bytes(Frame(Opcode.BINARY, message).serialize(mask=False))


# A server's frames are not masked, so those of a push are the same bytes for all who get it.
_shared_frame = lru_cache(maxsize=512)(_frame)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Adds the scope extension `imsite.socket`: `write(messages)`, texts or bytes, all at once, and `abort()`.

    Pings are answered only while the peer reads what it is sent, and are limited like requests.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pings = TokenBucket(settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST)
        self._ending = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.transport.is_closing():
            # The library has refused what is no handshake (a body, too many headers), which uvicorn does not look for:
            # the socket would stay open for ever, counted by nobody.
            refusal = b"".join(self.conn.data_to_send())
            self.transport.write(refusal or _NO_HANDSHAKE)
            self.transport.close()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        # The application's task has been made but has not run yet. A refused handshake has no scope.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions["imsite.socket"] = {"write": self.write, "abort": self.abort}

    async def write(self, messages: list[str | bytes]) -> None:
        """Send each message as a frame, all in one write; waits while the peer does not read, as `send` does."""
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        frames = [_shared_frame(message) if len(message) <= _SHARED_SIZE else _frame(message) for message in messages]
        self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn forgets this, and would log every handshake refused by a 503 as a fault of the application.
            self.handshake_complete = True

    def abort(self) -> None:
        """Cut the connection without a goodbye, for a peer that would not read it."""
        self.transport.abort()

    def shutdown(self) -> None:
        self._ending = True
        super().shutdown()

    def send_500_response(self) -> None:
        """Of a server that ends, a handshake that is under way is told 503, which nginx takes to the next node.

        uvicorn says 500: the client of a node that was restarted took that for the site's answer.
        """
        if not self._ending:
            super().send_500_response()
        elif not self.initial_response and not self.handshake_complete:
            self.conn.send_response(self.conn.reject(503, "This node is going away. Try again.\n"))
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
            # Its answers would pile up here. One to a later ping will do.
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # To a peer that reads nothing the closing takes for ever; the application need not wait for that.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def run_asgi(self) -> None:
        await super().run_asgi()
        # What is still to be written must not keep the socket of a peer that does not read.
        self.loop.call_later(self.close_timeout, self.transport.abort)

    def _fail(self, code: int, reason: str) -> None:
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.frames = []
            self.handle_parser_exception()
            if not self.writable.is_set():
                self.abort()
