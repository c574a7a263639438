"""The closing handshake, from either side, with every kind of code and reason."""

from __future__ import annotations

import pytest

from tests.support.bare_socket import CLOSE, PING, TEXT, BareSocket, frame
from tests.support.websocket_server import SERVER_CLOSE, WebSocketServer

VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason, mask=b"\x01\x02\x03\x04")


@pytest.mark.parametrize("code", VALID_CODES)
@pytest.mark.parametrize("reason", [b"", "schön".encode(), b"x" * 123])
def test_a_close_is_echoed_and_told(server: WebSocketServer, name: str, code: int, reason: bytes) -> None:
    with server.connect(name=name) as peer:
        peer.send(close(code, reason))
        assert peer.next() == (CLOSE, code.to_bytes(2, "big") + reason)
        assert peer.next() is None
    assert server.end_of(name) == code


@pytest.mark.parametrize("code", INVALID_CODES)
def test_a_code_that_must_not_be_sent_ends_with_1002(peer: BareSocket, code: int) -> None:
    peer.send(close(code))
    assert peer.close_code() == 1002


def test_a_close_without_a_code_is_echoed_and_told_as_1005(server: WebSocketServer, name: str) -> None:
    with server.connect(name=name) as peer:
        peer.send(frame(CLOSE))
        assert peer.next() == (CLOSE, b"")
        assert peer.next() is None
    assert server.end_of(name) == 1005


def test_half_a_code_ends_with_1002(peer: BareSocket) -> None:
    peer.send(frame(CLOSE, b"\x03"))
    assert peer.close_code() == 1002


@pytest.mark.parametrize("reason", [b"\xff", b"\xc3(", b"\xed\xa0\x80", b"ends within \xe2\x82"])
def test_a_reason_that_is_not_utf_8_ends_with_1007(peer: BareSocket, reason: bytes) -> None:
    peer.send(close(1000, reason))
    assert peer.close_code() == 1007


def test_a_reason_that_is_too_long_ends_with_1002(peer: BareSocket) -> None:
    peer.send(close(1000, b"x" * 124))
    assert peer.close_code() == 1002


def test_what_follows_a_close_is_ignored(server: WebSocketServer, name: str) -> None:
    with server.connect(name=name) as peer:
        peer.send(frame(TEXT, b"before"), close(1000), frame(TEXT, b"after"), frame(PING), close(4000), b"\xff" * 100)
        received = []
        while (got := peer.next()) is not None:
            received.append(got)
        # The application may not have answered the first message when the close is echoed.
        assert received in ([(TEXT, b"before"), (CLOSE, b"\x03\xe8")], [(CLOSE, b"\x03\xe8")])
    assert server.end_of(name) == 1000


def test_a_close_may_arrive_one_byte_at_a_time(server: WebSocketServer, name: str) -> None:
    with server.connect(name=name) as peer:
        for byte in close(4321, b"bye"):
            peer.send(bytes([byte]))
        assert peer.next() == (CLOSE, (4321).to_bytes(2, "big") + b"bye")
    assert server.end_of(name) == 4321


def test_the_application_closes_with_code_and_reason(server: WebSocketServer, name: str) -> None:
    code, reason = SERVER_CLOSE
    with server.connect("/close", name=name) as peer:
        peer.send(frame(TEXT, b"now"))
        assert peer.next() == (CLOSE, code.to_bytes(2, "big") + reason.encode())
        # The frames on their way are discarded; the close of the peer ends the connection.
        peer.send(frame(TEXT, b"on its way"), frame(PING, b"too"), close(code))
        while (got := peer.next()) is not None:
            assert got[0] not in (TEXT, CLOSE)
    assert server.end_of(name) == code
    assert name not in server.sent


def test_a_connection_that_is_lost_is_told_as_1006(server: WebSocketServer, name: str) -> None:
    with server.connect(name=name) as peer:
        peer.send(frame(TEXT, b"hello"))
        assert peer.next() == (TEXT, b"hello")
    assert server.end_of(name) == 1006


def test_a_connection_that_is_lost_within_a_message_is_told_as_1006(server: WebSocketServer, name: str) -> None:
    with server.connect(name=name) as peer:
        peer.send(frame(TEXT, b"half", fin=False), frame(TEXT, b"a longer one")[:7])
    assert server.end_of(name) == 1006


@pytest.mark.parametrize(
    ("sent", "code"), [(frame(3), 1002), (frame(TEXT, b"\xff"), 1007), (frame(TEXT, b"x" * 70_000)[:10], 1009)]
)
def test_the_application_is_told_why_a_connection_failed(
    server: WebSocketServer, name: str, sent: bytes, code: int
) -> None:
    with server.connect(name=name) as peer:
        peer.send(sent)
        assert peer.close_code() == code
    assert server.end_of(name) == code


def test_a_fault_of_the_application_ends_the_connection(server: WebSocketServer, name: str) -> None:
    with server.connect("/later_fault", name=name) as peer:
        assert peer.status == 101
        peer.send(frame(TEXT, b"now"))
        assert peer.close_code() in (None, 1011)
