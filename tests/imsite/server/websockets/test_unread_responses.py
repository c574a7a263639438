"""A client that takes nothing of a response to a request is cut off, and a handshake behind it waits."""

from __future__ import annotations

import base64
import os
import socket
import time

from django.conf import Settings

from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.websocket_server import FLOOD_MESSAGE, WebSocketServer, wait_for


def test_a_client_that_takes_nothing_is_cut(server: WebSocketServer, settings: Settings) -> None:
    settings.IM_UPLOAD_SECONDS_WITHOUT_PROGRESS = 0.1  # type: ignore[attr-defined]
    wait_for(lambda: not server.connections)
    with _link(server) as link:
        link.sendall(_request(server, "/large"))
        assert link.recv(8)
        wait_for(lambda: not server.connections)


def test_a_handshake_behind_an_unread_response_waits(server: WebSocketServer, name: str) -> None:
    """Otherwise the WebSocket would never learn that its client does not read, and keep all that is sent."""
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    handshake = _request(
        server, f"/flood?{name}", **upgrade, **{"Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
    )
    with _link(server) as link:
        link.sendall(_request(server, "/large") + handshake)
        received = link.recv(8)
        time.sleep(0.3)
        assert not server.sent.get(name)
        while FLOOD_MESSAGE not in received[-2 * len(FLOOD_MESSAGE) :]:
            received += link.recv(1_000_000)
        assert received.startswith(b"HTTP/1.1 200 ") and b"yHTTP/1.1 101 " in received


def _request(server: WebSocketServer, target: str, **headers: str) -> bytes:
    fields = {"Host": f"127.0.0.1:{server.port}", **headers}
    lines = "".join(f"{field}: {value}\r\n" for field, value in fields.items())
    return f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode()


def _link(server: WebSocketServer) -> socket.socket:
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.settimeout(TIMEOUT_SECONDS)
    link.connect(("127.0.0.1", server.port))
    return link
