"""The parsers that read bytes of strangers, each as a function of bytes that raises nothing but a fault."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Opcode

from chat.views.byte_range import NotSatisfiable, requested_range
from chat.wire import json_codec, protobuf_codec
from delivery.cluster.entry_codec import MalformedEntry, decode_entry, encode_entry
from imsite.cookie_parser import unquote_cookie_value
from imsite.server import websocket_handshake
from imsite.server.incoming_messages import IncomingMessages, TooManyFragments
from imsite.server.proxy_headers import ProxyHeaders
from imsite.server.websocket_wire import CLOSED, OPEN, WebSocketWire

Target = Callable[[bytes], None]
MAX_MESSAGE_BYTES = 4096


def json_frames(data: bytes) -> None:
    """Decode a frame of `/acc` as bytes and as text; both give the same request."""
    results: list[object] = []
    for raw in (data, data.decode("utf-8", "replace") if _is_text(data) else data):
        try:
            results.append(json_codec.decode(raw))
        except json_codec.BadFrame as refusal:
            results.append(str(refusal))
    assert results[0] == results[1] or "nan" in repr(results).lower()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def protobuf_frames(data: bytes) -> None:
    """Decode a frame of `/ws`, and one of the server's as a client does."""
    with contextlib.suppress(protobuf_codec.BadInput):
        protobuf_codec.decode(data)


def cluster_entries(data: bytes) -> None:
    """Decode an event of another node. A decoded one survives a second round."""
    try:
        entry = decode_entry(data)
    except MalformedEntry:
        return
    assert decode_entry(encode_entry(entry)) == entry


def websocket_messages(data: bytes) -> None:
    """Read frames in one piece and byte by byte; both give the same messages and the same end."""
    assert _messages([data]) == _messages([data[place : place + 1] for place in range(len(data))])


def _messages(pieces: list[bytes]) -> tuple[list[tuple[Opcode, bytes]], str]:
    incoming = IncomingMessages(MAX_MESSAGE_BYTES)
    found: list[tuple[Opcode, bytes]] = []
    try:
        for piece in pieces:
            for opcode, payload in incoming.feed(piece):
                found.append((opcode, bytes(payload)))
    except (ProtocolError, PayloadTooBig, TooManyFragments) as error:
        return found, type(error).__name__
    return found, ""


class _Transport:
    """Keeps what a server writes."""

    def __init__(self) -> None:
        self.written = b""
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed, "nothing is written to a closed connection"
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    abort = close


class _Wire(WebSocketWire):
    """A WebSocket whose handshake is done; it keeps its messages and the code of its end."""

    __slots__ = ("code", "received")

    def __init__(self) -> None:
        config = SimpleNamespace(ws_max_size=MAX_MESSAGE_BYTES, ws_ping_interval=None, ws_ping_timeout=None)
        super().__init__(cast(Config, config), ServerState())
        self.received: list[dict[str, Any]] = []
        self.code: int | None = None
        self._state = OPEN

    def _deliver(self, event: dict[str, Any]) -> None:
        assert self._state == OPEN
        self.received.append(event)

    def _end_with(self, code: int, reason: str = "") -> None:
        if self.code is None:
            self.code = code


def websocket_connections(data: bytes) -> None:
    """Feed a whole connection in two pieces. Its end has a code of RFC 6455 or of ours."""
    wire, transport = _Wire(), _Transport()
    wire.connection_made(cast(asyncio.Transport, transport))
    half = len(data) // 2
    wire.data_received(data[:half])
    wire.data_received(data[half:])
    if wire._state >= CLOSED:
        assert transport.is_closed and wire.code is not None
        assert wire.code in (1002, 1007, 1009) or 1000 <= wire.code < 5000
    wire.connection_lost(None)


def handshakes(data: bytes) -> None:
    """Check a handshake with this path and these headers, which the HTTP parser has split."""
    path, *lines = data.split(b"\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
    with contextlib.suppress(websocket_handshake.HandshakeRefused):
        websocket_handshake.accept_header(b"GET", path, headers)
        websocket_handshake.request_scope(path, headers, root_path="")


def forwarded_headers(data: bytes) -> None:
    """Read forwarding headers of a trusted proxy; the client keeps an IP address."""
    values = data.split(b"\n", 3)
    names = (b"x-forwarded-for", b"x-forwarded-proto", b"host", b"forwarded")
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": [*zip(names, values, strict=False)],
    }
    given: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        given.append(scope)

    async def nothing(*arguments: Any) -> Any:
        raise AssertionError

    work = ProxyHeaders(application)(scope, nothing, nothing)
    # It awaits nothing, so no event loop is needed.
    with contextlib.suppress(StopIteration):
        work.send(None)
    [seen] = given
    assert seen["client"][0].replace(".", "").replace(":", "").isalnum()


def request_headers(data: bytes) -> None:
    """Read a cookie's value and a byte range."""
    text = data.decode("latin1")
    unquote_cookie_value(text)
    with contextlib.suppress(NotSatisfiable):
        wanted = requested_range(text, 100)
        assert wanted is None or 0 <= wanted.start < wanted.stop <= 100


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        json_frames, protobuf_frames, cluster_entries, websocket_messages, websocket_connections, handshakes,
        forwarded_headers, request_headers,
    )
}  # fmt: skip
SEEDS: dict[str, list[bytes]] = {
    "json_frames": [b'{"seq":"1","cmd":"ping","data":{"appID":101}}', b'{"seq":1,"cmd":"login"}'],
    "protobuf_frames": [b"\x08\x01\x12\x05\n\x03abc", b"\x08\x03\x12\x04\x0a\x02\x08\x01"],
    "cluster_entries": [b"\x08\x01\x1a\x03msg \x01"],
    "websocket_messages": [b"\x81\x85\x00\x00\x00\x00hello", b"\x01\x81\x00\x00\x00\x00a\x80\x81\x00\x00\x00\x00b"],
    "websocket_connections": [b"\x89\x80\x00\x00\x00\x00\x88\x82\x00\x00\x00\x00\x03\xe8", b"\x81\xfe\x00\x80aaaa"],
    "handshakes": [
        b"/acc?a=b\nhost: a\nupgrade: websocket\nconnection: Upgrade\nsec-websocket-version: 13\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
    ],
    "forwarded_headers": [b"203.0.113.7, 10.0.0.1\nhttps\na.test:443\nfor=unknown", b"[::1]:80\nhttps, https"],
    "request_headers": [b"bytes=0-5", b'"a\\054b"'],
}
"""Beginnings for mutations."""
