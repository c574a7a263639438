"""Tests the headers of accepted handshakes and the HTTP answers to faulty and refused ones."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket

import pytest

from imsite.server.http import NEW_CONNECTIONS_PER_TURN
from tests.support.bare_socket import TEXT, BareSocket, frame
from tests.support.websocket_server import WebSocketServer

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "*/*",
    "Accept-Language": "de,en-US;q=0.7,en;q=0.3",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    "Cookie": "csrftoken=" + "c" * 32 + "; sessionid=" + "s" * 32,
    "Pragma": "no-cache",
    "Cache-Control": "no-cache",
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "WebSocket",
}


def headers_of(socket: BareSocket) -> dict[str, str]:
    lines = socket.answer.split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def test_a_handshake_is_accepted_with_the_accept_key(server: WebSocketServer) -> None:
    key = base64.b64encode(os.urandom(16))
    with server.connect(headers={"Sec-WebSocket-Key": key.decode()}) as peer:
        answered = headers_of(peer)
    assert peer.answer.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert answered["upgrade"] == "websocket" and answered["connection"] == "Upgrade"
    assert answered["sec-websocket-accept"] == base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    assert "sec-websocket-protocol" not in answered


def test_a_browser_is_accepted_without_compression(server: WebSocketServer) -> None:
    with server.connect(headers=BROWSER) as peer:
        assert peer.status == 101
        assert "sec-websocket-extensions" not in headers_of(peer)
        peer.send(frame(TEXT, b"hello"))
        assert peer.next() == (TEXT, b"hello")
        # A compressed frame was not agreed on.
        peer.send(frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", reserved=4))
        assert peer.close_code() == 1002


def test_the_application_gets_path_query_headers_and_addresses(server: WebSocketServer) -> None:
    sent = {**BROWSER, "X-Odd": "caf\xe9", "Origin": "https://example.org"}
    with server.connect("/%65cho", name="a=%20&b", headers=sent) as peer:
        assert peer.status == 101
        address = peer.link.getsockname()
    scope = server.scopes["a=%20&b"]
    assert (scope["type"], scope["scheme"], scope["http_version"]) == ("websocket", "ws", "1.1")
    assert (scope["path"], scope["raw_path"], scope["root_path"]) == ("/echo", b"/%65cho", "")
    assert tuple(scope["client"]) == address and tuple(scope["server"]) == ("127.0.0.1", server.port)
    assert scope["subprotocols"] == []
    assert "websocket.http.response" in scope["extensions"] and "imsite.socket" in scope["extensions"]
    headers = dict(scope["headers"])
    for name, value in sent.items():
        assert headers[name.lower().encode()] == value.encode("latin-1")


def test_the_application_chooses_a_subprotocol(server: WebSocketServer, name: str) -> None:
    with server.connect("/subprotocol", name=name, headers={"Sec-WebSocket-Protocol": "one, two"}) as peer:
        assert peer.status == 101
        assert headers_of(peer)["sec-websocket-protocol"] == "two"
        assert headers_of(peer)["x-extra"] == "é"
    assert server.scopes[name]["subprotocols"] == ["one", "two"]


@pytest.mark.parametrize("key", ["", "x", "!" * 24, base64.b64encode(b"x" * 15).decode(), "dGhlIHNhbXBsZSBub25jZQ"])
def test_a_bad_key_is_answered_with_400(server: WebSocketServer, key: str) -> None:
    with server.connect(headers={"Sec-WebSocket-Key": key}) as peer:
        assert peer.status == 400


@pytest.mark.parametrize("version", ["", "0", "8", "12", "14", "x", "13, 8"])
def test_another_version_is_refused(server: WebSocketServer, version: str) -> None:
    with server.connect(headers={"Sec-WebSocket-Version": version}) as peer:
        assert peer.status in (400, 426)


@pytest.mark.parametrize("fields", ["Sec-WebSocket-Key: {key}\r\n", "Sec-WebSocket-Version: 13\r\n"])
def test_a_repeated_header_is_refused(server: WebSocketServer, fields: str) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    head = _head(server, f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n" + fields.format(key=key))
    assert _answers(server, head).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD"])
def test_another_method_is_refused(server: WebSocketServer, method: str) -> None:
    assert _answers(server, _head(server, _SOUND, method=method)).startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize("length", [1, 10_000])
def test_a_body_is_refused(server: WebSocketServer, length: int) -> None:
    answer = _answers(server, _head(server, f"{_SOUND}Content-Length: {length}\r\n"))
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_body_in_chunks_is_refused(server: WebSocketServer) -> None:
    answer = _answers(server, _head(server, f"{_SOUND}Transfer-Encoding: chunked\r\n"))
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_too_many_headers_are_refused(server: WebSocketServer) -> None:
    many = "".join(f"X-{number}: x\r\n" for number in range(200))
    assert _answers(server, _head(server, _SOUND + many)).startswith(b"HTTP/1.1 431 ")


def test_a_handshake_may_arrive_one_byte_at_a_time(server: WebSocketServer) -> None:
    with _link(server) as link:
        for byte in _head(server, _SOUND):
            link.sendall(bytes([byte]))
        assert link.recv(65536).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize("path", ["/refused", "/busy", "/fault", "/nothing"])
def test_a_refusal_of_the_application_is_answered_by_http(server: WebSocketServer, name: str, path: str) -> None:
    status = {"/refused": 403, "/busy": 503}.get(path, 500)
    with server.connect(path, name=name) as peer:
        assert peer.status == status
        answered = headers_of(peer)
        assert answered["connection"] == "close"
        if path == "/busy":
            assert answered["retry-after"] == "5" and answered["content-length"] == "23"
    if status != 500:
        assert server.end_of(name) == 1006


def test_a_request_before_the_upgrade_is_answered_first(server: WebSocketServer) -> None:
    request = f"GET /plain HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with _link(server) as link:
        link.sendall(request)
        assert _receive(link, b"/plain").startswith(b"HTTP/1.1 200 ")
        link.sendall(_head(server, _SOUND))
        assert _receive(link, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize("requests", [1, 3])
def test_requests_pipelined_before_the_upgrade_are_answered_first(server: WebSocketServer, requests: int) -> None:
    request = f"GET /plain HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with _link(server) as link:
        link.sendall(request * requests + _head(server, _SOUND))
        answers = _receive(link, b"HTTP/1.1 101 ")
        assert answers.count(b"HTTP/1.1 200 ") == answers.count(b"/plain") == requests
        link.sendall(frame(TEXT, b"hello"))
        assert _receive(link, b"hello").endswith(b"\x81\x05hello")


def test_each_of_a_crowd_is_answered_though_they_take_turns(server: WebSocketServer) -> None:
    with contextlib.ExitStack() as crowd:
        links = [crowd.enter_context(_link(server)) for _ in range(2 * NEW_CONNECTIONS_PER_TURN + 1)]
        for link in links:
            link.sendall(_head(server, _SOUND))
        for link in links:
            assert _receive(link, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
            link.sendall(frame(TEXT, b"hello"))
            assert _receive(link, b"hello").endswith(b"\x81\x05hello")


_SOUND = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"


def _head(server: WebSocketServer, fields: str, *, method: str = "GET") -> bytes:
    return (
        f"{method} /echo HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\n{fields}\r\n"
    ).encode()


def _answers(server: WebSocketServer, head: bytes) -> bytes:
    """Return everything that the server answers before it closes the connection."""
    with _link(server) as link:
        link.sendall(head)
        return _receive(link, None)


def _receive(link: socket.socket, until: bytes | None) -> bytes:
    """Read until these bytes, or to the end."""
    received = b""
    while (until is None or until not in received) and (data := link.recv(65536)):
        received += data
    return received


def _link(server: WebSocketServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 20)
