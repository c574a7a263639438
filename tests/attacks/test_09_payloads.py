"""Attack 9: JSON is deep, huge or invalid.

Each request gets one clear answer, and a connected bystander is served before and after.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bare_socket import BINARY, TEXT, BareSocket, frame
from tests.support.shared_site import SharedSite

pytestmark = [pytest.mark.each_database, pytest.mark.usefixtures("bystander")]

PING_REQUEST = b'{"seq":"1","cmd":"ping"}'


def ask(socket: BareSocket, raw: bytes, opcode: int = TEXT) -> dict[str, Any]:
    """Send a frame and a ping, and return the one answer that precedes the reply to the ping."""
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
def test_invalid_json_is_an_illegal_parameter(attacker: BareSocket, raw: bytes) -> None:
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
def test_unusual_json_is_answered_or_refused(attacker: BareSocket, raw: bytes) -> None:
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


@pytest.fixture(scope="module")
def sockets(shared_site: SharedSite) -> Iterator[list[BareSocket]]:
    """Return connections of an account and of a guest, and one without a login."""
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(BareSocket(shared_site.site)) for _ in range(3)]
        made[0].request("login", appId=101, serviceToken=shared_site.account().token)
        assert made[0].reply()["response"]["code"] == 200
        made[1].login(shared_site.guest_name("mallory"))
        yield made


@settings(max_examples=150)
@given(request=requests, who=st.integers(0, 2))
def test_random_data_of_every_command_is_answered_once_without_a_server_fault(
    sockets: list[BareSocket], request: dict[str, Any], who: int
) -> None:
    answer = ask(sockets[who], json.dumps(request).encode())

    assert answer["response"]["code"] not in (1004, 1006, 1007, 1008), answer


@settings(max_examples=100)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_random_bytes_are_answered_once(sockets: list[BareSocket], raw: bytes) -> None:
    assert ask(sockets[2], raw, BINARY)["response"]["code"] == 1001
