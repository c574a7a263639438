"""Frames of every length, mask, opcode and reserved bit, whole and in pieces."""

from __future__ import annotations

import pytest

from tests.support.bare_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, BareSocket, frame

LIMIT = 65_536
"""Bytes of the largest message."""


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [0, 1, 7, 125, 126, 127, 128, 65_535, LIMIT])
def test_a_message_of_any_length_comes_back(peer: BareSocket, opcode: int, size: int) -> None:
    payload = b"abcdefgh" * (size // 8) + b"abcdefgh"[: size % 8]
    peer.send(frame(opcode, payload, mask=b"\x01\xa0\xff\x7f"))
    assert peer.next() == (opcode, payload)


@pytest.mark.parametrize("mask", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04", b"\0\0\0\x80"])
@pytest.mark.parametrize("size", [1, 3, 4, 5, 17, 200])
def test_every_mask_is_removed(peer: BareSocket, mask: bytes, size: int) -> None:
    payload = bytes(range(size))
    peer.send(frame(BINARY, payload, mask=mask))
    assert peer.next() == (BINARY, payload)


@pytest.mark.parametrize("size", [5, 126, 70_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
def test_an_unmasked_frame_ends_with_1002(peer: BareSocket, opcode: int, size: int) -> None:
    peer.send(frame(opcode, b"x" * size, masked=False))
    assert peer.close_code() == 1002


@pytest.mark.parametrize("opcode", [TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG])
@pytest.mark.parametrize("reserved", [1, 2, 3, 4, 5, 6, 7])
def test_a_reserved_bit_ends_with_1002(peer: BareSocket, opcode: int, reserved: int) -> None:
    peer.send(frame(TEXT, b"before"))
    assert peer.next() == (TEXT, b"before")
    peer.send(frame(opcode, b"", reserved=reserved))
    assert peer.close_code() == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"payload"])
def test_a_reserved_opcode_ends_with_1002(peer: BareSocket, opcode: int, payload: bytes) -> None:
    peer.send(frame(opcode, payload))
    assert peer.close_code() == 1002


def test_frames_that_arrive_together_are_all_read_in_order(peer: BareSocket) -> None:
    sent = [(TEXT if number % 2 else BINARY, b"%d" % number * number) for number in range(300)]
    peer.send(*(frame(opcode, payload, mask=b"\x11\x22\x33\x44") for opcode, payload in sent))
    assert [peer.next() for _ in sent] == sent


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300])
def test_a_message_may_arrive_one_byte_at_a_time(peer: BareSocket, size: int) -> None:
    payload = b"%" * size
    data = frame(TEXT, payload, mask=b"\x09\x08\x07\x06") + frame(PING, b"!") + frame(BINARY, payload)
    for place in range(len(data)):
        peer.send(data[place : place + 1])
    received = [peer.next() for _ in range(3)]
    assert sorted(received, key=str) == sorted([(TEXT, payload), (PONG, b"!"), (BINARY, payload)], key=str)


@pytest.mark.parametrize("chop", [3, 7, 64, 997, 4096])
def test_a_large_message_may_arrive_in_pieces(peer: BareSocket, chop: int) -> None:
    payload = bytes(range(256)) * 64
    data = frame(BINARY, payload, mask=b"\x09\x08\x07\x06") * 3
    for start in range(0, len(data), chop):
        peer.send(data[start : start + chop])
    assert [peer.next() for _ in range(3)] == [(BINARY, payload)] * 3


@pytest.mark.parametrize("size", [LIMIT + 1, 1 << 20, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_the_head_of_a_message_over_the_limit_ends_with_1009(peer: BareSocket, size: int) -> None:
    peer.send(bytes([0x80 | BINARY, 0xFF]) + size.to_bytes(8, "big"))
    assert peer.close_code() == 1009


def test_a_large_message_is_refused_although_its_length_arrives_slowly(peer: BareSocket) -> None:
    for byte in bytes([0x80 | TEXT, 0xFF]) + (LIMIT + 1).to_bytes(8, "big"):
        peer.send(bytes([byte]))
    assert peer.close_code() == 1009


def test_frames_after_a_broken_one_are_ignored(peer: BareSocket) -> None:
    peer.send(frame(TEXT, b"first"))
    assert peer.next() == (TEXT, b"first")
    peer.send(frame(3), frame(TEXT, b"second"), frame(PING, b"third"))
    assert (peer.next() or (0, b""))[0] == CLOSE
    assert peer.next() is None
