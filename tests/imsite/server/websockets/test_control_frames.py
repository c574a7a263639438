"""Pings, pongs and over-long or fragmented control frames."""

from __future__ import annotations

import pytest

from tests.support.bare_socket import CLOSE, PING, PONG, TEXT, BareSocket, frame


@pytest.mark.parametrize("payload", [b"", b"Hello", bytes(range(0, 250, 2)), b"\xff" * 125])
def test_a_ping_is_answered_with_its_payload(peer: BareSocket, payload: bytes) -> None:
    peer.send(frame(PING, payload, mask=b"\x11\x22\x33\x44"))
    assert peer.next() == (PONG, payload)


def test_pings_are_answered_in_order(peer: BareSocket) -> None:
    peer.send(*(frame(PING, b"%d" % number) for number in range(50)))
    assert [peer.next() for _ in range(50)] == [(PONG, b"%d" % number) for number in range(50)]


@pytest.mark.parametrize("payload", [b"", b"unasked", b"x" * 125])
def test_an_unasked_pong_is_ignored(peer: BareSocket, payload: bytes) -> None:
    peer.send(frame(PONG, payload), frame(TEXT, b"next"))
    assert peer.next() == (TEXT, b"next")


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
@pytest.mark.parametrize("size", [126, 65_535, 65_536])
def test_an_over_long_control_frame_ends_with_1002(peer: BareSocket, opcode: int, size: int) -> None:
    peer.send(frame(opcode, b"\x03\xe8" + b"x" * (size - 2)))
    assert peer.close_code() == 1002


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_a_control_frame_in_fragments_ends_with_1002(peer: BareSocket, opcode: int) -> None:
    peer.send(frame(opcode, b"\x03\xe8", fin=False), frame(0, b"rest"))
    assert peer.close_code() == 1002
