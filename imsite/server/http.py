"""uvicorn's HTTP protocol with a deadline and size limits. Requests that are too slow or too large are cut off."""

from __future__ import annotations

import asyncio
import weakref
from functools import partial
from typing import Any

from django.conf import settings
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from delivery.refusal_log import log_refusal
from delivery.turn_pacer import TurnPacer
from imsite.server.fast_path import WRITE_RESPONSE
from imsite.server.files import ABORT
from imsite.server.lean_websocket import LeanWebSocketProtocol
from imsite.server.unread_data import UnreadDataWatch
from imsite.server.uploads import find_call

MAX_HEAD_BYTES = 65_536
"""Request line and headers together."""
MAX_HEADER_BYTES = 8192
"""One header.

Parsers in the standard library and Django can take time quadratic in its length, which would block everyone. Browsers
and nginx stay below this limit.
"""
MAX_CONTENT_TYPE_BYTES = 512
"""The Content-Type header, which is the slowest to parse. It holds a type and a boundary."""

MIN_PROGRESS_BYTES = 16_384
"""Bytes that an upload must bring within IM_UPLOAD_SECONDS_WITHOUT_PROGRESS."""


NEW_CONNECTIONS_PER_TURN = 16
"""New connections whose first bytes are handled in one turn of the event loop. A handshake takes some 0.3 ms."""

_pacer = TurnPacer(NEW_CONNECTIONS_PER_TURN)


class HeaderTooLarge(Exception):
    """A header is over its limit. The request is answered 400 before any header is parsed."""


class HttpProtocol(HttpToolsProtocol):
    """Requires that a request or WebSocket handshake arrives completely within IM_REQUEST_TIMEOUT seconds.

    A handshake that is pipelined behind requests waits until they are answered, and the client has taken the answers.
    uvicorn would answer it first, and write their responses between the frames.

    The body of an upload may take as long and be as large as it needs, while it makes progress and is not answered.

    A client that takes nothing of a response for IM_UPLOAD_SECONDS_WITHOUT_PROGRESS is cut off.
    """

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes: int | None = 0
    """Bytes of the head received so far; None once the head is complete."""
    _body_bytes = 0
    _is_incomplete = False
    """True while a request arrives."""
    _is_upload = False
    _progress_bytes = 0
    """Bytes of an upload since its deadline was last moved."""
    _upgrade_waits = False
    _is_new = True
    """True until the first bytes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._unread = UnreadDataWatch(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        if self._is_new:
            self._is_new = False
            if not _pacer.admit(partial(self._receive_late, data)):
                self._cancel_deadline()
                self.transport.pause_reading()
                return
        if self._upgrade_waits:
            # A client must not send frames before the handshake is answered.
            self._close()
            return
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_incomplete:
            self._start_deadline()
        is_too_large = self._head_bytes is not None and self._head_bytes > MAX_HEAD_BYTES
        if is_too_large and not self.transport.is_closing():
            self.send_400_response("The request's headers are too large.")

    def _receive_late(self, data: bytes) -> None:
        """Handle the first bytes, whose turn has come."""
        if not self.transport.is_closing():
            self._start_deadline()
            self.transport.resume_reading()
            self.data_received(data)

    def on_body(self, body: bytes) -> None:
        if self._is_upload and not self.cycle.response_complete:
            self._note_progress(len(body))
            super().on_body(body)
            return
        self._body_bytes += len(body)
        limit = settings.IM_MAX_BODY_BYTES
        if self._body_bytes <= limit:
            super().on_body(body)
        elif not self.transport.is_closing():
            log_refusal("body_refused", allowed=f"{limit} bytes", setting="IM_MAX_BODY_BYTES")
            # The application sees a disconnect. Otherwise it would buffer the whole body.
            self._close()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if len(value) > (MAX_CONTENT_TYPE_BYTES if name == b"content-type" else MAX_HEADER_BYTES):
            # The exception stops the parser, and uvicorn answers 400.
            raise HeaderTooLarge
        if name == b"expect":
            super().on_header(name, value)
        else:
            self.headers.append((name, value))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_incomplete = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head_bytes = None
        self._is_upload = "path" in self.scope and find_call(self.scope["method"], self.scope["path"]) is not None
        if self._is_upload:
            self._note_progress(MIN_PROGRESS_BYTES)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_incomplete = False
        self._cancel_deadline()
        self._head_bytes = self._body_bytes = 0

    def handle_websocket_upgrade(self) -> None:
        self._cancel_deadline()
        # The new protocol would not be told that the client does not read.
        self._upgrade_waits = self.flow.write_paused or (self.cycle is not None and not self.cycle.response_complete)
        if self._upgrade_waits:
            return
        self._unread.stop()
        protocol_class: Any = self.ws_protocol_class
        if not issubclass(protocol_class, LeanWebSocketProtocol):
            super().handle_websocket_upgrade()
            return
        # uvicorn writes the request anew for the class to parse it, which takes longer than the rest of a handshake.
        self.connections.discard(self)
        protocol = protocol_class(self.config, self.server_state, self.app_state)
        protocol.connection_made(self.transport)
        protocol.handle_request(self.scope["method"].encode(), self.url, self.headers, self.server, self.client)
        self.transport.set_protocol(protocol)
        # The parser refers to this object, which would otherwise wait for the garbage collector.
        self.parser = None  # type: ignore[assignment]  # as in uvicorn, for a connection that has ended

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._unread.start()
        elif self._upgrade_waits and self.cycle.response_complete:
            self._unset_keepalive_if_required()
            self.handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.start()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.transport.is_closing():
            return
        self._unread.stop()
        if self._upgrade_waits and (self.cycle is None or self.cycle.response_complete):
            self.handle_websocket_upgrade()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._unread.start()

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._unread.start()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # The cycle holds its scope, so the scope must not hold the cycle: it would wait for the garbage collector.
        write = partial(_write_response, weakref.ref(cycle))
        extensions: dict[str, Any] = {WRITE_RESPONSE: write, ABORT: cycle.transport.abort}
        cycle.scope["extensions"] = extensions
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        if self.flow is not None:
            self._unread.stop()
        super().connection_lost(exc)

    def _note_progress(self, received: int) -> None:
        self._progress_bytes += received
        if self._progress_bytes >= MIN_PROGRESS_BYTES:
            self._progress_bytes = 0
            self._cancel_deadline()
            seconds = settings.IM_UPLOAD_SECONDS_WITHOUT_PROGRESS
            self._deadline = self.loop.call_later(seconds, self._close_stalled_upload)

    def _close_stalled_upload(self) -> None:
        self._deadline = None
        if self.flow.read_paused:
            # The disk is slow, not the client.
            self._note_progress(MIN_PROGRESS_BYTES)
        else:
            log_refusal(
                "upload_stalled", allowed=f"{MIN_PROGRESS_BYTES} bytes", setting="IM_UPLOAD_SECONDS_WITHOUT_PROGRESS"
            )
            self._close_slow_connection()

    def _start_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(settings.IM_REQUEST_TIMEOUT, self._close_slow_connection)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_slow_connection(self) -> None:
        self._deadline = None
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._unread.start()


def _write_response(
    reference: weakref.ReferenceType[RequestResponseCycle], status: int, head: bytes, body: bytes
) -> bool:
    """Do what `RequestResponseCycle.send` does with a whole response, in one write.

    `head`: complete header lines, with Content-Length. Return False if the response must be sent by `send`.
    """
    cycle = reference()
    assert cycle is not None  # The application runs within it.
    if cycle.flow.write_paused or cycle.response_started:
        return False
    if cycle.disconnected:
        return True
    lines = [STATUS_LINE[status]]
    for name, value in cycle.default_headers:
        lines += (name, b": ", value, b"\r\n")
    lines += (head, b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", body)
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"".join(lines))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
