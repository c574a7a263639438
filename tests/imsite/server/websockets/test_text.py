"""Text is UTF-8, wherever its characters are split; anything else ends the connection with 1007."""

from __future__ import annotations

import pytest

from tests.support.bare_socket import BINARY, CONTINUATION, PING, PONG, TEXT, BareSocket, frame

VALID = (
    "plain",
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\0",
    "\x7f",
    "\x80",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\U00010000",
    "\U0001fffe",
    "\U0010fffe",
    "\U0010ffff",
    "你好👋🏽",
)
INVALID = (
    b"\x80",
    b"\xbf",
    b"\xc0\xaf",
    b"\xc1\xbf",
    b"\xc3",
    b"\xc3\x28",
    b"\xe0\x80\xaf",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xed\xaf\xbf\xed\xbf\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xf0\x9f\x91",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xfe",
    b"\xff",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
)


@pytest.mark.parametrize("text", VALID, ids=ascii)
def test_valid_text_comes_back(peer: BareSocket, text: str) -> None:
    peer.send(frame(TEXT, text.encode(), mask=b"\x80\x40\x20\x10"))
    assert peer.next() == (TEXT, text.encode())


@pytest.mark.parametrize("raw", INVALID, ids=bytes.hex)
def test_invalid_text_ends_with_1007(peer: BareSocket, raw: bytes) -> None:
    peer.send(frame(TEXT, b"before " + raw + b" after"))
    assert peer.close_code() == 1007


@pytest.mark.parametrize("raw", INVALID, ids=bytes.hex)
def test_text_that_ends_within_a_character_ends_with_1007(peer: BareSocket, raw: bytes) -> None:
    peer.send(frame(TEXT, raw))
    assert peer.close_code() == 1007


@pytest.mark.parametrize("raw", INVALID, ids=bytes.hex)
def test_bytes_need_not_be_text(peer: BareSocket, raw: bytes) -> None:
    peer.send(frame(BINARY, raw))
    assert peer.next() == (BINARY, raw)


def test_characters_may_be_split_between_fragments(peer: BareSocket) -> None:
    raw = "".join(VALID).encode()
    parts = [raw[place : place + 1] for place in range(len(raw))]
    peer.send(frame(TEXT, parts[0], fin=False))
    for part in parts[1:]:
        peer.send(frame(CONTINUATION, part, fin=False))
    peer.send(frame(PING, b"between"), frame(CONTINUATION, b""))
    assert [peer.next(), peer.next()] == [(PONG, b"between"), (TEXT, raw)]


def test_characters_may_be_split_between_packets(peer: BareSocket) -> None:
    raw = "".join(VALID).encode()
    for byte in frame(TEXT, raw, mask=b"\xf0\x0f\xff\x00"):
        peer.send(bytes([byte]))
    assert peer.next() == (TEXT, raw)


@pytest.mark.parametrize("raw", INVALID, ids=bytes.hex)
def test_invalid_text_in_fragments_ends_with_1007(peer: BareSocket, raw: bytes) -> None:
    peer.send(frame(TEXT, b"before ", fin=False), frame(CONTINUATION, raw, fin=False), frame(CONTINUATION, b" after"))
    assert peer.close_code() == 1007
