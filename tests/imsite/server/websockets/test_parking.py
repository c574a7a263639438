"""An application may return while its connection is idle. It goes on with the next message, or with the end."""

from __future__ import annotations

from imsite.server.runner import LEAN_WEBSOCKETS
from tests.support.bare_socket import CLOSE, CONTINUATION, PING, PONG, TEXT, frame
from tests.support.websocket_server import WebSocketServer, wait_for


def test_a_parked_connection_has_no_task(ws: str, server: WebSocketServer, name: str) -> None:
    wait_for(lambda: not server.tasks)
    with server.connect("/parked", name=name) as peer:
        peer.send(frame(TEXT, b"hello"))
        assert peer.next() == (TEXT, b"hello")
        wait_for(lambda: server.tasks == (ws != LEAN_WEBSOCKETS))


def test_a_parked_connection_gets_every_message_in_order(server: WebSocketServer, name: str) -> None:
    sent = [(TEXT, b"%d" % number) for number in range(100)]
    with server.connect("/parked", name=name) as peer:
        for opcode, payload in sent[:50]:
            peer.send(frame(opcode, payload))
        assert [peer.next() for _ in range(50)] == sent[:50]
        peer.send(*(frame(opcode, payload) for opcode, payload in sent[50:]))
        assert [peer.next() for _ in range(50)] == sent[50:]


def test_a_parked_connection_answers_pings_and_joins_fragments(server: WebSocketServer, name: str) -> None:
    with server.connect("/parked", name=name) as peer:
        peer.send(frame(TEXT, b"first"))
        assert peer.next() == (TEXT, b"first")
        peer.send(frame(TEXT, b"sec", fin=False), frame(PING, b"!"))
        assert peer.next() == (PONG, b"!")
        peer.send(frame(CONTINUATION, b"ond"))
        assert peer.next() == (TEXT, b"second")


def test_the_application_is_told_the_end_of_a_parked_connection(server: WebSocketServer, name: str) -> None:
    with server.connect("/parked", name=name) as peer:
        peer.send(frame(TEXT, b"hello"))
        assert peer.next() == (TEXT, b"hello")
        peer.send(frame(CLOSE, (4000).to_bytes(2, "big")))
        assert peer.next() == (CLOSE, (4000).to_bytes(2, "big"))
    assert server.end_of(name) == 4000


def test_the_application_is_told_that_a_parked_connection_is_lost(server: WebSocketServer, name: str) -> None:
    with server.connect("/parked", name=name) as peer:
        peer.send(frame(TEXT, b"hello"))
        assert peer.next() == (TEXT, b"hello")
    assert server.end_of(name) == 1006


def test_a_server_that_stops_closes_a_parked_connection_with_1012(ws: str, name: str) -> None:
    with WebSocketServer(ws) as server:
        peer = server.connect("/parked", name=name)
        peer.send(frame(TEXT, b"hello"))
        assert peer.next() == (TEXT, b"hello")
    assert peer.close_code() == 1012
    peer.close()
    assert server.end_of(name) == 1012
