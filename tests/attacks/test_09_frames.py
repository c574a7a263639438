"""Attack 9: frames that are too large, endless, broken or many; JSON that is deep, huge or wrong.

Each gets its close code or a clear error, and whoever else is connected notices nothing.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.bare_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, BareSocket, frame
from tests.support.people import Town

pytestmark = pytest.mark.each_database

PING_REQUEST = b'{"seq":"1","cmd":"ping"}'
MIB = 1 << 20


@pytest.fixture
def attacker(town: Town) -> Iterator[BareSocket]:
    """A connection on which a guest has logged in."""
    with BareSocket(town.site) as socket:
        socket.login(town.guest_name("mallory"))
        yield socket


@pytest.fixture(autouse=True)
def bystander(town: Town) -> Iterator[BareSocket]:
    """Somebody else, who must be served before and after."""
    with BareSocket(town.site) as socket:
        socket.login(town.guest_name("bystander"))
        yield socket
        socket.request("message.send", "after", type="text", msg="still here")
        assert socket.reply("after")["response"]["code"] == 200


def resident(town: Town) -> int:
    """Bytes of memory the server holds."""
    pages = int(Path(f"/proc/{town.site.pid}/statm").read_text().split()[1])
    return pages * 4096


# -- the WebSocket protocol -------------------------------------------------------------------------------------------


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

    while (got := attacker.next()) is not None and got[0] == TEXT:  # Of others' coming and going.
        assert b'"seq":"1"' not in got[1], "the pong comes before the reply"
    assert got == (PONG, b"between")
    assert attacker.reply()["response"]["data"] == "pong"


@pytest.mark.parametrize("raw", [b"\xff", b"\xc3(", b'{"seq":"\xed\xa0\x80","cmd":"ping"}', b"\xf4\x90\x80\x80"])
def test_text_that_is_no_utf_8_closes_with_1007(attacker: BareSocket, raw: bytes) -> None:
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


def test_a_clients_close_is_answered(attacker: BareSocket) -> None:
    attacker.send(frame(CLOSE, (1000).to_bytes(2, "big")))

    assert attacker.close_code() == 1000


def test_what_follows_a_broken_frame_is_not_carried_out(attacker: BareSocket, bystander: BareSocket) -> None:
    said = json.dumps({"seq": "1", "cmd": "message.send", "data": {"type": "text", "msg": "too late"}}).encode()
    attacker.send(frame(3), frame(TEXT, said))
    attacker.close_code()

    bystander.request("message.history", "history", target="1")
    assert "too late" not in json.dumps(bystander.reply("history"))


def test_a_flood_of_pings_that_nobody_reads_the_answers_of_is_ended(town: Town) -> None:
    before = resident(town)
    with BareSocket(town.site, buffer=4096) as flood:
        flood.login(town.guest_name("mallory"))
        with contextlib.suppress(OSError):  # The server may let go of us, or read no further.
            for _ in range(100):
                flood.link.sendall(frame(PING, b"x" * 125) * 8000)  # 100 MiB in all

    assert resident(town) - before < 32 * MIB


def test_unsolicited_pongs_are_ignored(attacker: BareSocket) -> None:
    attacker.send(*[frame(PONG, b"x" * 125)] * 1000, frame(TEXT, PING_REQUEST))

    assert attacker.reply()["response"]["data"] == "pong"


@pytest.mark.parametrize("version", ["8", "12", "x", ""])
def test_another_version_of_the_protocol_is_refused(town: Town, version: str) -> None:
    with BareSocket(town.site, headers={"Sec-WebSocket-Version": version}) as socket:
        assert socket.status in (400, 426)


@pytest.mark.parametrize("key", ["", "x", "!" * 24])
def test_a_handshake_without_a_proper_key_is_refused(town: Town, key: str) -> None:
    with BareSocket(town.site, headers={"Sec-WebSocket-Key": key}) as socket:
        assert socket.status == 400


# -- JSON -------------------------------------------------------------------------------------------------------------


def ask(socket: BareSocket, raw: bytes, opcode: int = TEXT) -> dict[str, Any]:
    """Send a frame; the one answer to it that comes before that of a ping after it."""
    socket.send(frame(opcode, raw), frame(TEXT, b'{"seq":"end of test","cmd":"ping"}'))
    answers = []
    while (got := socket.next()) is not None:
        assert got[0] == TEXT, got
        envelope = json.loads(got[1])
        if envelope["seq"] == "end of test":
            [answer] = answers
            return dict(answer)
        if envelope["cmd"] not in ("enter", "exit", "msg"):
            answers.append(envelope)
    raise AssertionError("the connection ended")


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"seq":"1","cmd":"ping","data":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'{"seq":"1","cmd":"ping","data":{"a":NaN}}',
        b'{"seq":"1","cmd":"ping","data":{"a":-Infinity}}',
        b'{"seq":"1","cmd":"ping","data":{"a":"\\ud800"}}',
        b'{"seq":"1","cmd":"ping","data":{"a":"\\u12"}}',
        b'{"seq":"1","cmd":"ping","data":{"a":"\x01"}}',
        b'{"seq":"1","cmd":"login","data":[]}',
        b'{"seq":["1"],"cmd":"ping"}',
        b'{"seq":"1","cmd":{"ping":1}}',
        b"\0",
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_json_that_is_none_is_an_illegal_parameter(attacker: BareSocket, raw: bytes) -> None:
    assert ask(attacker, raw)["response"]["code"] == 1001


@pytest.mark.parametrize(
    "raw",
    [
        b'{"seq":"1","cmd":"ping","cmd":"ping","data":{"a":1,"a":2}}',
        b'{"seq":"1","cmd":"ping","data":{"a":' + b"9" * 5000 + b"}}",
        b'{"seq":"1","cmd":"ping","data":{"a":1e400}}',
        b'{"seq":"1","cmd":"ping","data":{"a":-0.0,"b":1E-999}}',
        b'{"seq":"1","cmd":"ping","data":{"\\u0000":"\\u0000"}}',
        b'{"seq":"1","cmd":"ping","data":{"a":' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"seq":"1","cmd":"ping","__proto__":{"admin":true},"constructor":1}',
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_odd_json_is_answered_one_way_or_the_other(attacker: BareSocket, raw: bytes) -> None:
    assert ask(attacker, raw)["response"]["code"] in (200, 1001)


def test_a_binary_frame_is_read_as_json(attacker: BareSocket) -> None:
    assert ask(attacker, PING_REQUEST, BINARY)["response"]["data"] == "pong"
    assert ask(attacker, b"\xff\xfe\x00", BINARY)["response"]["code"] == 1001


NAMES = """login heartbeat ping sync message.send message.history message.get message.edit message.recall read.mark
channel.list channel.get channel.create channel.join channel.leave channel.invite channel.remove channel.rename
channel.role channel.policy channel.members channel.search presence.list person.search app.list""".split()
FIELDS = """target id seq msg type clientMsgId replyTo before after limit kind name members member role join listed q
appId appID userId serviceToken""".split()
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["1", "2", "0", "-1", str(2**63), str(2**63 - 1), "null", "true", "\0", "\ud800", "x" * 20, ""])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
requests = st.fixed_dictionaries(
    {"seq": st.just("1"), "cmd": st.sampled_from(NAMES)},
    optional={"data": st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8) | anything},
)


class _Crowd:
    """One connection as an account, one as a guest and one as nobody, opened again when closed."""

    def __init__(self, town: Town) -> None:
        self.sockets = [BareSocket(town.site) for _ in range(3)]
        account = town.account()
        self.sockets[0].request("login", appId=101, serviceToken=account.token)
        assert self.sockets[0].reply()["response"]["code"] == 200
        self.sockets[1].login(town.guest_name("mallory"))


@pytest.fixture(scope="module")
def crowd(town: Town) -> Iterator[_Crowd]:
    made = _Crowd(town)
    yield made
    for socket in made.sockets:
        socket.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=requests, who=st.integers(0, 2))
def test_any_data_of_any_command_is_answered_once_and_never_by_a_fault(
    crowd: _Crowd, request: dict[str, Any], who: int
) -> None:
    answer = ask(crowd.sockets[who], json.dumps(request).encode())

    assert answer["response"]["code"] not in (1004, 1006, 1007, 1008), answer


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_answered_once(crowd: _Crowd, raw: bytes) -> None:
    assert ask(crowd.sockets[2], raw, BINARY)["response"]["code"] == 1001


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(min_size=1, max_size=300))
def test_any_bytes_past_the_handshake_end_in_a_close_code_or_nothing(town: Town, raw: bytes) -> None:
    with BareSocket(town.site) as socket:
        socket.send(raw, frame(CLOSE, (1000).to_bytes(2, "big")))
        # What we sent may be the beginning of a longer frame, so that our close is a part of it.
        socket.link.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            assert socket.close_code() in (None, 1000, 1002, 1005, 1007, 1009)
