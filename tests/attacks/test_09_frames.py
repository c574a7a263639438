"""Attack 9: frames are too large, endless, broken or many.

Each gets its close code, and a connected bystander is served before and after. The database plays no part, so these
tests run once.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bare_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, BareSocket, frame
from tests.support.shared_site import SharedSite

pytestmark = pytest.mark.usefixtures("bystander")

PING_REQUEST = b'{"seq":"1","cmd":"ping"}'

MIB = 1 << 20


def resident(shared_site: SharedSite) -> int:
    """Return the bytes of memory that the server holds."""
    pages = int(Path(f"/proc/{shared_site.site.pid}/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [65_537, 4 * MIB])
def test_a_frame_that_is_too_large_closes_with_1009(attacker: BareSocket, opcode: int, size: int) -> None:
    attacker.send(frame(opcode, b"x" * size))

    assert attacker.close_code() == 1009


def test_a_frame_of_64_kib_is_read(attacker: BareSocket) -> None:
    request = json.dumps({"seq": "1", "cmd": "ping", "data": {"padding": ""}})
    attacker.send(frame(TEXT, request.replace('""', '"' + "x" * (65_536 - len(request)) + '"').encode()))

    assert attacker.reply()["response"]["data"] == "pong"


def test_a_frame_that_only_claims_to_be_large_closes_with_1009(attacker: BareSocket) -> None:
    attacker.send(frame(TEXT, b"x" * 70_000)[:14])

    assert attacker.close_code() == 1009


def test_fragments_that_add_up_to_too_much_close_with_1009(attacker: BareSocket) -> None:
    attacker.send(frame(TEXT, b"x" * 1000, fin=False), *[frame(CONTINUATION, b"x" * 1000, fin=False)] * 100)

    assert attacker.close_code() == 1009


def test_endless_empty_fragments_close_with_1009(attacker: BareSocket) -> None:
    attacker.send(frame(TEXT, b"{", fin=False), *[frame(CONTINUATION, b"", fin=False)] * 100_000)

    assert attacker.close_code() == 1009


def test_a_message_in_a_few_fragments_is_read(attacker: BareSocket) -> None:
    attacker.send(frame(TEXT, PING_REQUEST[:5], fin=False), frame(PING, b"between"))
    attacker.send(frame(CONTINUATION, b"", fin=False), frame(CONTINUATION, PING_REQUEST[5:]))

    while (got := attacker.next()) is not None and got[0] == TEXT:  # Presence pushes of other users.
        assert b'"seq":"1"' not in got[1], "the pong comes before the reply"
    assert got == (PONG, b"between")
    assert attacker.reply()["response"]["data"] == "pong"


@pytest.mark.parametrize("raw", [b"\xff", b"\xc3(", b'{"seq":"\xed\xa0\x80","cmd":"ping"}', b"\xf4\x90\x80\x80"])
def test_invalid_utf_8_closes_with_1007(attacker: BareSocket, raw: bytes) -> None:
    attacker.send(frame(TEXT, raw))

    assert attacker.close_code() == 1007


@pytest.mark.parametrize(
    "raw",
    [
        frame(3, b"x"),
        frame(7),
        frame(11),
        frame(15, b"x"),
        frame(TEXT, PING_REQUEST, masked=False),
        frame(TEXT, PING_REQUEST, reserved=4),
        frame(TEXT, PING_REQUEST, reserved=1),
        frame(PING, b"x" * 126),
        frame(PING, b"x", fin=False),
        frame(CONTINUATION, b"x"),
        frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"),
        frame(CLOSE, b"\x03"),
        frame(CLOSE, (1005).to_bytes(2, "big")),
        frame(CLOSE, (999).to_bytes(2, "big")),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=lambda raw: raw[:6].hex(),
)
def test_a_broken_frame_closes_with_1002(attacker: BareSocket, raw: bytes) -> None:
    attacker.send(raw)

    assert attacker.close_code() == 1002


def test_the_server_answers_a_close(attacker: BareSocket) -> None:
    attacker.send(frame(CLOSE, (1000).to_bytes(2, "big")))

    assert attacker.close_code() == 1000


def test_the_server_ignores_requests_after_a_broken_frame(attacker: BareSocket, bystander: BareSocket) -> None:
    said = json.dumps({"seq": "1", "cmd": "message.send", "data": {"type": "text", "msg": "too late"}}).encode()
    attacker.send(frame(3), frame(TEXT, said))
    attacker.close_code()

    bystander.request("message.history", "history", target="1")
    assert "too late" not in json.dumps(bystander.reply("history"))


def test_a_flood_of_pings_with_unread_pongs_costs_little_memory(shared_site: SharedSite) -> None:
    before = resident(shared_site)
    with BareSocket(shared_site.site, buffer=4096) as flood:
        flood.login(shared_site.guest_name("mallory"))
        with contextlib.suppress(OSError):  # The server may close the connection, or stop reading.
            for _ in range(100):
                flood.link.sendall(frame(PING, b"x" * 125) * 8000)  # 100 MiB in total

    assert resident(shared_site) - before < 32 * MIB


def test_unsolicited_pongs_are_ignored(attacker: BareSocket) -> None:
    attacker.send(*[frame(PONG, b"x" * 125)] * 1000, frame(TEXT, PING_REQUEST))

    assert attacker.reply()["response"]["data"] == "pong"


@pytest.mark.parametrize("version", ["8", "12", "x", ""])
def test_another_websocket_version_is_refused(shared_site: SharedSite, version: str) -> None:
    with BareSocket(shared_site.site, headers={"Sec-WebSocket-Version": version}) as socket:
        assert socket.status in (400, 426)


@pytest.mark.parametrize("key", ["", "x", "!" * 24])
def test_a_handshake_without_a_proper_key_is_refused(shared_site: SharedSite, key: str) -> None:
    with BareSocket(shared_site.site, headers={"Sec-WebSocket-Key": key}) as socket:
        assert socket.status == 400


@settings(max_examples=60)
@given(raw=st.binary(min_size=1, max_size=300))
def test_random_bytes_after_the_handshake_get_a_close_code_or_no_answer(shared_site: SharedSite, raw: bytes) -> None:
    with BareSocket(shared_site.site) as socket:
        socket.send(raw, frame(CLOSE, (1000).to_bytes(2, "big")))
        # The bytes sent may begin a longer frame, so that the close frame becomes a part of it.
        socket.link.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            assert socket.close_code() in (None, 1000, 1002, 1005, 1007, 1009)
