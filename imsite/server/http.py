"""uvicorn's HTTP protocol with a deadline and a bound: who sends a request too slowly, or without end, is cut off."""

from __future__ import annotations

import asyncio

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 65_536
"""Bytes of a request's line and headers."""
HEADER_LIMIT = 8192
"""Bytes of one header. What reads them (the standard library, Django) may take the square of their length, so one long
header would hold up everybody; browsers and nginx stay below by themselves."""
CONTENT_TYPE_LIMIT = 512
"""Bytes of that header, which takes longest: a type and a boundary."""


class HeaderTooLarge(Exception):
    """The request is answered 400 before anything reads its headers."""


class HttpProtocol(HttpToolsProtocol):
    """A request, or a WebSocket's handshake, must have arrived whole within IM_REQUEST_TIMEOUT seconds."""

    _deadline: asyncio.TimerHandle | None = None
    _head: int | None = 0
    """Bytes of the head that have come; None once it is complete."""
    _body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's headers are too large.")

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        if self._body <= settings.IM_MAX_BODY_BYTES:
            super().on_body(body)
        else:
            # The application hears that the client has gone; it would have kept all of it.
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(value) > (CONTENT_TYPE_LIMIT if name.lower() == b"content-type" else HEADER_LIMIT):
            # The parser stops at it, and uvicorn refuses the request.
            raise HeaderTooLarge
        super().on_header(name, value)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head = None

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._arrived()
        self._head = self._body = 0

    def handle_websocket_upgrade(self) -> None:
        self._arrived()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(settings.IM_REQUEST_TIMEOUT, self._too_slow)

    def _arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self.transport.close()
