"""The HTTP side of a WebSocket: checks a handshake, and writes the answers to it."""

from __future__ import annotations

import base64
import binascii
import email.utils
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS, Request, Response
from websockets.server import ServerProtocol
from websockets.utils import accept_key

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names in small letters, and values."""

BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_ONCE = (b"connection", b"upgrade", b"sec-websocket-key", b"sec-websocket-version")
_MAX_USUAL = MAX_LINE_LENGTH // 2
"""Bytes of a path or header that are certainly within the library's limits."""
_BODY = frozenset({b"content-length", b"transfer-encoding"})
_ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


class HandshakeRefused(Exception):
    """A handshake is faulty. `answer`: the complete HTTP response."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


def accept_header(method: bytes, path: bytes, headers: RawHeaders) -> str:
    """Return the `Sec-WebSocket-Accept` value for this request, or raise HandshakeRefused.

    A usual handshake is checked here. For every other one the `websockets` library decides, which takes ten times as
    long.
    """
    found: dict[bytes, bytes] = {}
    is_usual = method == b"GET" and path.isascii() and len(path) < _MAX_USUAL and len(headers) <= MAX_NUM_HEADERS
    for name, value in headers:
        if name in _BODY or (name in _ONCE and name in found) or len(name) + len(value) > _MAX_USUAL:
            is_usual = False
        found[name] = value
    if is_usual and all(name in found for name in _ONCE):
        key = found[b"sec-websocket-key"]
        if (
            found[b"sec-websocket-version"] == b"13"
            and found[b"upgrade"].lower() == b"websocket"
            and b"upgrade" in [option.strip() for option in found[b"connection"].lower().split(b",")]
            and _is_key(key)
        ):
            return accept_key(key.decode())
    head = b"".join(b"%s: %s\r\n" % header for header in headers)
    return _ask_library(b"%s %s HTTP/1.1\r\n%s\r\n" % (method, path, head))


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def _ask_library(head: bytes) -> str:
    library = ServerProtocol()
    library.receive_data(head)
    requests = [event for event in library.events_received() if isinstance(event, Request)]
    if not requests:
        raise HandshakeRefused(b"".join(library.data_to_send()) or BAD_REQUEST)
    response = library.accept(requests[0])
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        raise HandshakeRefused(response.serialize())
    return str(response.headers["Sec-WebSocket-Accept"])


def split_head(head: bytes) -> tuple[bytes, bytes, RawHeaders]:
    """Return method, path and headers of a complete, well-formed request head."""
    first, *lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")
    method, path, _ = first.split(b" ", 2)
    pairs = (line.partition(b":") for line in lines)
    return method, path, [(name.lower(), value.strip()) for name, _, value in pairs]


def request_scope(path: bytes, headers: RawHeaders, *, root_path: str) -> dict[str, Any]:
    """Return the members of the ASGI scope that come from the request."""
    raw_path, _, query_string = path.partition(b"?")
    subprotocols = [
        part.strip().decode("latin-1")
        for name, value in headers
        if name == b"sec-websocket-protocol"
        for part in value.split(b",")
    ]
    return {
        "path": root_path + unquote(raw_path.decode("ascii")),
        "raw_path": root_path.encode("ascii") + raw_path,
        "query_string": query_string,
        "headers": list(headers),
        "subprotocols": subprotocols,
    }


def accepted_response(accept: str, headers: Iterable[tuple[bytes, bytes]], subprotocol: str | None) -> bytes:
    """Return the response that completes the handshake."""
    fields = [*headers]
    if subprotocol:
        fields.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
    lines = b"".join(b"%s: %s\r\n" % field for field in fields)
    return b"%s%s\r\n%s\r\n" % (_ACCEPTED, accept.encode(), lines)


def refused_response(status: int, text: str) -> bytes:
    """Return the response with which the server refuses a handshake."""
    return ServerProtocol().reject(HTTPStatus(status), text).serialize()


def application_response(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Return the response with which the application refuses a handshake."""
    fields = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
    fields.setdefault("Date", email.utils.formatdate(usegmt=True))
    fields.setdefault("Connection", "close")
    fields.setdefault("Content-Length", str(len(body)))
    fields.setdefault("Content-Type", "text/plain; charset=utf-8")
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return Response(status, phrase, fields, body).serialize()
