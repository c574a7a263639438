"""A request that nginx and a node could read differently hides no second request, and others get their own answers."""

from __future__ import annotations

import contextlib
import socket

from tests.support.monitoring import get
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS

HIDDEN = b"GET /csrf-token/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
CHUNKED = b"0\r\n\r\n" + HIDDEN
LENGTH = str(len(CHUNKED)).encode()
BODIES = {
    "both lengths": b"Content-Length: " + LENGTH + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "both, the other first": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + CHUNKED,
    "two lengths": b"Content-Length: 0\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a list of lengths": b"Content-Length: 0, " + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a signed length": b"Content-Length: +" + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a name with a blank": b"Content-Length : " + LENGTH + b"\r\nContent-Length: 0\r\n\r\n" + CHUNKED,
    "an unknown coding": b"Transfer-Encoding: xchunked\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a coding after a tab": b"Transfer-Encoding:\tchunked\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a coding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKED,
    "a folded coding": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a name with an underscore": b"Content_Length: 0\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + CHUNKED,
    "a chunk with a negative size": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + CHUNKED,
    "a chunk with a huge size": b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 20 + b"\r\n" + CHUNKED,
    "a chunk with an extension": b"Transfer-Encoding: chunked\r\n\r\n2;\n" + HIDDEN + b"\r\n" + CHUNKED,
    "a GET with a body": b"Content-Length: " + LENGTH + b"\r\nX-HTTP-Method-Override: GET\r\n\r\n" + CHUNKED,
    "an upgrade to HTTP/2": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n"
    + HIDDEN,
    "a header that ends the head": b"X: a\nContent-Length: 0\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + CHUNKED,
}


def attack(port: int, rest: bytes) -> bytes:
    """Send a POST with these headers and this body; return what nginx answers until it closes or says no more."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as link:
        link.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s" % (port, rest))
        # An upgrade, or a body that never ends, leaves the connection open.
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while part := link.recv(65_536):
                answer += part
        return answer


def test_no_request_is_hidden_in_another(two_nodes: TwoNodes) -> None:
    front = two_nodes.cluster
    port = int(front.url.rpartition(":")[2])
    own = get(f"{front.url}/manifest.webmanifest").text
    for name, rest in BODIES.items():
        answer = attack(port, rest)
        assert answer.count(b"HTTP/1.1 ") <= 1, name
        assert b'"csrf"' not in answer, name
        # The nodes' connections to nginx are kept, so a hidden request would answer the next client of one of them.
        for _ in front.nodes:
            assert get(f"{front.url}/manifest.webmanifest").text == own, name
