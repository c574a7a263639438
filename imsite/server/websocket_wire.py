"""The frames of one WebSocket over a transport: reading, pings, back-pressure, and the end of the connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.conf import settings
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Close, Frame, Opcode
from websockets.utils import apply_mask

from chat.errors import FLOOD
from delivery.rate_limits.token_bucket import TokenBucket
from imsite.server.incoming_messages import IncomingMessages, TooManyFragments
from imsite.server.keepalive import Keepalive
from imsite.server.websocket import TOO_LARGE, frame_messages

_MAX_SHORT_BYTES = 125
_HEAD_BYTES = 6
"""Bytes of the head and mask of a short frame."""
_WHOLE = {0x81: Opcode.TEXT, 0x82: Opcode.BINARY, 0x8A: Opcode.PONG}
"""The opcode by the first byte of a frame that is a message or a pong."""
CONNECTING, OPEN, CLOSING, CLOSED, LOST = range(5)
"""A WebSocket before its handshake is answered, before the first close frame, before the peer has answered our close
frame, before the transport is closed, and after that."""
_keepalives: WeakKeyDictionary[ServerState, Keepalive] = WeakKeyDictionary()

Event = dict[str, Any]


class WebSocketWire(asyncio.Protocol):
    """One WebSocket without its handshake. A subclass passes on what arrives.

    It holds a parser only within a message, and a rate limit only for a peer that pings.
    """

    __slots__ = (
        "_config",
        "_drained",
        "_incoming",
        "_on_ping",
        "_on_pong",
        "_pings",
        "_server",
        "_state",
        "_transport",
        "pending_ping_payload",
    )
    frame = staticmethod(frame_messages)

    def __init__(self, config: Config, server_state: ServerState) -> None:
        self._config = config
        self._server = server_state
        self._state = CONNECTING
        self._incoming: IncomingMessages | None = None
        self._drained: asyncio.Future[None] | None = None
        """Pending while the peer reads too slowly."""
        self._pings: TokenBucket | None = None
        self._on_ping: Callable[[], None] | None = None
        self._on_pong: Callable[[], None] | None = None
        self.pending_ping_payload: bytes | None = None

    def _deliver(self, event: Event) -> None:
        """Called with each message, as an ASGI event."""
        raise NotImplementedError

    def _end_with(self, code: int, reason: str = "") -> None:
        """Called with the code and reason of the end. Only the first call counts."""
        raise NotImplementedError

    # -- the transport --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own classes

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_keepalive()
        self._server.connections.discard(self)
        self._state = LOST
        self._incoming = None
        self._on_ping = self._on_pong = None
        self.resume_writing()
        self._end_with(1006)

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None

    async def _wait_until_writable(self) -> None:
        """Wait while the peer does not read. Raise ClientDisconnected if the connection is closed."""
        while self._drained is not None:
            await asyncio.shield(self._drained)
        if self._state >= CLOSED:
            raise ClientDisconnected

    def abort(self) -> None:
        """Close the connection without a close frame, for a peer that does not read."""
        self._transport.abort()

    def _shut(self) -> None:
        """Close the transport, and await nothing more: writes that wait for the peer to read fail."""
        self._state = CLOSED
        self._stop_keepalive()
        self._transport.close()
        self.resume_writing()

    # -- what arrives ---------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._state >= CLOSED:
            return
        size = len(data) - _HEAD_BYTES
        if self._incoming is None and 0 <= size <= _MAX_SHORT_BYTES and data[1] == 0x80 | size and data[0] in _WHOLE:
            # One short message or pong, as most are.
            self._handle(_WHOLE[data[0]], apply_mask(data[_HEAD_BYTES:], data[2:_HEAD_BYTES]))
            return
        incoming = self._incoming or IncomingMessages(self._config.ws_max_size)
        self._incoming = None
        try:
            for opcode, payload in incoming.feed(data):
                self._handle(opcode, payload)
                if self._state >= CLOSED:
                    return
        except ProtocolError as error:
            self._fail(1002, str(error))
        except PayloadTooBig as error:
            self._fail(TOO_LARGE, str(error))
        except TooManyFragments:
            self._fail(TOO_LARGE, "too many fragments")
        else:
            if not incoming.is_empty:
                self._incoming = incoming

    def _handle(self, opcode: Opcode, payload: bytes) -> None:
        try:
            if opcode is Opcode.CLOSE:
                self._handle_close(payload)
            elif opcode is Opcode.PING:
                self._handle_ping(payload)
            elif opcode is Opcode.PONG:
                if payload == self.pending_ping_payload:
                    self._handle_pong()
            elif self._state != OPEN:
                return  # The application has closed the connection.
            elif opcode is Opcode.BINARY:
                self._deliver({"type": "websocket.receive", "bytes": payload})
            else:
                self._deliver({"type": "websocket.receive", "text": payload.decode()})
        except UnicodeDecodeError as error:
            self._fail(1007, f"{error.reason} at position {error.start}")

    def _handle_close(self, payload: bytes) -> None:
        if self._state == OPEN:
            close = Close.parse(payload)
            self._write_frame(Opcode.CLOSE, payload)
            self._shut()
            self._end_with(close.code, close.reason)
        else:
            self._shut()

    def _handle_ping(self, payload: bytes) -> None:
        if self._pings is None:
            self._pings = TokenBucket(settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST)
        if not self._pings.take() and self._pings.is_overdrawn:
            self._fail(FLOOD.number, FLOOD.reason)
        elif self._drained is None:
            # Pongs to a peer that does not read would accumulate. The pong to a later ping is enough.
            self._write_frame(Opcode.PONG, payload)

    def _fail(self, code: int, reason: str) -> None:
        """End the connection because the peer breaks a rule or limit."""
        if self._state == OPEN:
            self._send_close(code, reason)
        reads = self._drained is None
        self._shut()
        self._end_with(code, reason)
        if not reads:
            self.abort()

    # -- what is sent ---------------------------------------------------------------------------------------------

    def send_frames(self, data: bytes) -> Coroutine[Any, Any, None] | None:
        """Send complete frames in one write. While the peer does not read, return a coroutine that waits, then sends.

        Raise ClientDisconnected if the connection has ended.
        """
        if self._drained is not None:
            return self._send_frames_later(data)
        self._send_frames_now(data)
        return None

    async def _send_frames_later(self, data: bytes) -> None:
        await self._wait_until_writable()
        self._send_frames_now(data)

    def _send_frames_now(self, data: bytes) -> None:
        if self._state != OPEN:
            raise ClientDisconnected
        self._transport.write(data)

    def _send_close(self, code: int, reason: str = "") -> None:
        self._state = CLOSING
        self._stop_keepalive()
        self._write_frame(Opcode.CLOSE, Close(code, reason).serialize())

    def _write_frame(self, opcode: Opcode, payload: bytes) -> None:
        self._transport.write(Frame(opcode, payload).serialize(mask=False))

    # -- pings ----------------------------------------------------------------------------------------------------

    def watch_pings(self, on_ping: Callable[[], None], on_pong: Callable[[], None]) -> None:
        """Call `on_ping` before each keepalive ping, and `on_pong` when the peer has answered it."""
        self._on_ping, self._on_pong = on_ping, on_pong

    def _start_keepalive(self) -> None:
        if (keepalive := self._keepalive()) is not None:
            keepalive.schedule_ping(self)

    def _keepalive(self) -> Keepalive | None:
        interval, timeout = self._config.ws_ping_interval, self._config.ws_ping_timeout
        if not interval or not timeout:
            return None
        if (found := _keepalives.get(self._server)) is None:
            found = _keepalives[self._server] = Keepalive(interval, timeout)
        return found

    def _stop_keepalive(self) -> None:
        self.pending_ping_payload = None
        if (keepalive := _keepalives.get(self._server)) is not None:
            keepalive.stop(self)

    def send_keepalive_ping(self) -> None:
        """Send a ping, and end the connection if it is not answered in time."""
        if self._state != OPEN:
            return
        if self._on_ping is not None:
            self._on_ping()
        self.pending_ping_payload = random.randbytes(4)
        self._write_frame(Opcode.PING, self.pending_ping_payload)
        if (keepalive := self._keepalive()) is not None:
            keepalive.await_pong(self)

    def _handle_pong(self) -> None:
        self.pending_ping_payload = None
        self._start_keepalive()
        if self._on_pong is not None:
            self._on_pong()

    def keepalive_timeout(self) -> None:
        """End the connection with 1011. A peer that does not read never completes that, so the application ends too."""
        if self._state == OPEN:
            self._send_close(1011, "keepalive ping timeout")
            self._shut()
            self._end_with(1006)
