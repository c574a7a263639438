"""Messages in fragments, with control frames in between; their limits."""

from __future__ import annotations

import pytest

from imsite.server.incoming_messages import MAX_FRAGMENTS
from tests.support.bare_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, BareSocket, frame

LIMIT = 65_536
"""Bytes of the largest message."""


def fragments(opcode: int, *parts: bytes) -> list[bytes]:
    """Return the frames of one message."""
    last = len(parts) - 1
    return [
        frame(CONTINUATION if number else opcode, part, fin=number == last, mask=b"\x01\x02\x03\x04")
        for number, part in enumerate(parts)
    ]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("parts", [(b"a", b"b"), (b"", b"", b"ab", b""), (b"", b""), (b"a",) * 200, (b"x" * 9000,) * 7])
def test_fragments_are_joined(peer: BareSocket, opcode: int, parts: tuple[bytes, ...]) -> None:
    peer.send(*fragments(opcode, *parts))
    assert peer.next() == (opcode, b"".join(parts))


def test_messages_in_fragments_follow_each_other(peer: BareSocket) -> None:
    peer.send(*fragments(TEXT, b"a", b"b"), *fragments(BINARY, b"c", b"d"), frame(TEXT, b"e"))
    assert [peer.next() for _ in range(3)] == [(TEXT, b"ab"), (BINARY, b"cd"), (TEXT, b"e")]


def test_pings_between_fragments_are_answered_at_once(peer: BareSocket) -> None:
    first, second, third = fragments(TEXT, b"one ", b"two ", b"three")
    peer.send(first, frame(PING, b"1"))
    assert peer.next() == (PONG, b"1")
    peer.send(second, frame(PING, b""), frame(PONG, b"unasked"))
    assert peer.next() == (PONG, b"")
    peer.send(third)
    assert peer.next() == (TEXT, b"one two three")


def test_fragments_and_pings_may_arrive_one_byte_at_a_time(peer: BareSocket) -> None:
    first, second = fragments(TEXT, b"one ", b"two")
    for byte in first + frame(PING, b"between") + second:
        peer.send(bytes([byte]))
    assert [peer.next(), peer.next()] == [(PONG, b"between"), (TEXT, b"one two")]


def test_a_close_between_fragments_ends_the_connection(peer: BareSocket) -> None:
    peer.send(frame(TEXT, b"never finished", fin=False), frame(CLOSE, (1000).to_bytes(2, "big")))
    # Some libraries call the unfinished message an error. No message arrives in either case.
    assert peer.close_code() in (1000, 1002)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("fin", [True, False])
def test_a_new_message_within_another_ends_with_1002(peer: BareSocket, opcode: int, fin: bool) -> None:
    peer.send(frame(TEXT, b"first", fin=False), frame(opcode, b"second", fin=fin))
    assert peer.close_code() == 1002


@pytest.mark.parametrize("fin", [True, False])
def test_a_continuation_of_nothing_ends_with_1002(peer: BareSocket, fin: bool) -> None:
    peer.send(frame(TEXT, b"whole"))
    assert peer.next() == (TEXT, b"whole")
    peer.send(frame(CONTINUATION, b"more", fin=fin), frame(TEXT, b"after"))
    assert peer.close_code() == 1002


def test_a_continuation_after_the_last_fragment_ends_with_1002(peer: BareSocket) -> None:
    peer.send(*fragments(TEXT, b"a", b"b"))
    assert peer.next() == (TEXT, b"ab")
    peer.send(frame(CONTINUATION, b"c"))
    assert peer.close_code() == 1002


def test_fragments_up_to_the_limit_are_joined(peer: BareSocket) -> None:
    parts = (b"x" * (LIMIT // 4),) * 4
    peer.send(*fragments(BINARY, *parts))
    assert peer.next() == (BINARY, b"x" * LIMIT)


@pytest.mark.parametrize("last", [b"x" * (LIMIT // 4 + 1), b"x" * LIMIT])
def test_fragments_over_the_limit_end_with_1009(peer: BareSocket, last: bytes) -> None:
    peer.send(*fragments(BINARY, *(b"x" * (LIMIT // 4),) * 3, last))
    assert peer.close_code() == 1009


def test_too_many_fragments_end_with_1009(peer: BareSocket) -> None:
    peer.send(*fragments(TEXT, *(b"",) * (MAX_FRAGMENTS + 2)))
    assert peer.close_code() == 1009


def test_many_fragments_are_joined(peer: BareSocket) -> None:
    peer.send(*fragments(TEXT, *(b"x",) * MAX_FRAGMENTS))
    assert peer.next() == (TEXT, b"x" * MAX_FRAGMENTS)
