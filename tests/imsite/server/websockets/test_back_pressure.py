"""A peer that does not read, and an application that does not, hold the other end back. Nothing is lost."""

from __future__ import annotations

import time

from tests.support.bare_socket import BINARY, CLOSE, PING, BareSocket, frame
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.websocket_server import FLOOD_MESSAGE, FLOOD_MESSAGES, WebSocketServer, wait_for

_MESSAGE_BYTES = 65_000


def test_the_application_waits_for_a_peer_that_does_not_read(server: WebSocketServer, name: str) -> None:
    with server.connect("/flood", name=name, buffer=4096) as peer:
        wait_for(lambda: server.sent.get(name, 0) > 0)
        assert _settled(server, name) < FLOOD_MESSAGES
        # It waits, so what it sends afterwards arrives too, in order.
        for number in range(FLOOD_MESSAGES):
            assert peer.next() == (BINARY, number.to_bytes(2, "big") + FLOOD_MESSAGE)


def test_pongs_do_not_gather_for_a_peer_that_does_not_read(server: WebSocketServer, name: str) -> None:
    with server.connect("/flood", name=name, buffer=4096) as peer:
        _settled(server, name)
        peer.send(*[frame(PING, b"x")] * 50)
        received = [peer.next() for _ in range(FLOOD_MESSAGES)]
        assert all(got is not None and got[0] == BINARY for got in received)


def test_the_peer_waits_for_an_application_that_does_not_read(server: WebSocketServer, name: str) -> None:
    server.may_read.clear()
    message = frame(BINARY, b"x" * _MESSAGE_BYTES)
    with server.connect("/late", name=name) as peer:
        accepted = _send_until_it_waits(peer, message)
        whole, rest = divmod(accepted, len(message))
        server.may_read.set()
        peer.link.settimeout(TIMEOUT_SECONDS)
        peer.link.sendall(message[rest:] + frame(CLOSE))
        assert peer.next() == (CLOSE, b"")
        assert server.end_of(name) == 1005
        assert server.sent[name] == whole + 1


def _settled(server: WebSocketServer, name: str) -> int:
    """Return how many messages the application has sent once it sends no more."""
    before = -1
    while (now := server.sent.get(name, 0)) != before:
        before = now
        time.sleep(0.1)
    return now


def _send_until_it_waits(peer: BareSocket, message: bytes) -> int:
    """Send messages until the server takes no more; return the bytes that it took."""
    peer.link.settimeout(0.3)
    taken = 0
    data = message * FLOOD_MESSAGES
    try:
        while taken < len(data):
            taken += peer.link.send(data[taken : taken + 262_144])
    except TimeoutError:
        return taken
    raise AssertionError("the server takes everything")
