"""The server pings, and ends a connection that does not answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bare_socket import CLOSE, PING, PONG, TEXT, BareSocket, frame
from tests.support.websocket_server import WebSocketServer

INTERVAL_SECONDS = 0.2


@pytest.fixture(scope="module")
def pinging(ws: str) -> Iterator[WebSocketServer]:
    with WebSocketServer(ws, ws_ping_interval=INTERVAL_SECONDS, ws_ping_timeout=INTERVAL_SECONDS) as running:
        yield running


def test_a_peer_that_answers_stays(ws: str) -> None:
    # On a busy machine the peer itself may be too late for the shortest interval.
    assert any(_stays(ws, seconds) for seconds in (INTERVAL_SECONDS, 1.0, 5.0))


def _stays(ws: str, seconds: float) -> bool:
    """Return whether a peer that answers four pings in turn, each of which comes so long after the last, stays."""
    with WebSocketServer(ws, ws_ping_interval=seconds, ws_ping_timeout=seconds) as server, server.connect() as peer:
        payloads = set()
        while len(payloads) < 4:
            got = peer.next()
            if got is None or got[0] == CLOSE:
                return False
            assert got[0] == PING and got[1] not in payloads
            payloads.add(got[1])
            peer.send(frame(PONG, got[1]))
        peer.send(frame(TEXT, b"still here"))
        while (got := peer.next()) is not None and got[0] == PING:
            peer.send(frame(PONG, got[1]))
        return got == (TEXT, b"still here")


def test_a_peer_that_does_not_answer_is_closed_with_1011(pinging: WebSocketServer, name: str) -> None:
    with pinging.connect(name=name) as peer:
        assert (peer.next() or (0, b""))[0] == PING
        assert peer.next() == (CLOSE, (1011).to_bytes(2, "big") + b"keepalive ping timeout")
        assert peer.next() is None
    assert pinging.end_of(name) in (1006, 1011)


def test_another_pong_is_no_answer(pinging: WebSocketServer, name: str) -> None:
    with pinging.connect(name=name) as peer:
        opcode, payload = peer.next() or (0, b"")
        assert opcode == PING
        peer.send(frame(PONG, payload + b"!"), frame(PONG, b""))
        assert peer.close_code() == 1011


def test_a_peer_that_reads_nothing_is_told_to_the_application(pinging: WebSocketServer, name: str) -> None:
    with pinging.connect("/flood", name=name, buffer=4096):
        assert pinging.end_of(name) in (1006, 1011)


def test_there_are_no_pings_without_an_interval(ws: str) -> None:
    with WebSocketServer(ws, ws_ping_interval=None) as server, server.connect() as peer:
        assert _hears_nothing(peer, INTERVAL_SECONDS)


def _hears_nothing(peer: BareSocket, seconds: float) -> bool:
    peer.link.settimeout(seconds)
    try:
        peer.next()
    except TimeoutError:
        return True
    return False
