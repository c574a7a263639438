"""The JSON codec is a pure function: bytes in, values out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.wire.json_codec import BadFrame, Request, decode, encode, join_frames

# JSON carries no lone surrogates; every reader reads these numbers alike.
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def frame(**fields: Any) -> str:
    return json.dumps(fields)


def refusal(raw: str | bytes) -> BadFrame:
    with pytest.raises(BadFrame) as caught:
        decode(raw)
    return caught.value


def test_a_request_is_seq_command_and_data() -> None:
    assert decode(frame(seq="7", cmd="ping", data={"a": [1]})) == Request("7", "ping", {"a": [1]})


def test_a_binary_frame_is_read_like_a_text_frame() -> None:
    assert decode(frame(seq="7", cmd="ping").encode()) == Request("7", "ping", {})


@pytest.mark.parametrize("raw", [frame(seq="1", cmd="ping"), frame(seq="1", cmd="ping", data=None)])
def test_data_may_be_absent_or_null(raw: str) -> None:
    assert decode(raw).data == {}


def test_a_missing_seq_is_empty() -> None:
    assert decode(frame(cmd="ping")).seq == ""


def test_a_number_as_seq_is_answered_as_its_digits() -> None:
    assert decode(frame(seq=12, cmd="ping")).seq == "12"


@pytest.mark.parametrize(
    ("given_as", "read_as"), [("appID", "appId"), ("userID", "userId"), ("msgID", "msgId"), ("appId", "appId")]
)
def test_both_spellings_of_ids_are_one_field(given_as: str, read_as: str) -> None:
    assert decode(frame(cmd="login", data={given_as: 101})).data == {read_as: 101}


def test_the_sites_own_spelling_takes_precedence() -> None:
    assert decode(frame(cmd="login", data={"appID": 102, "appId": 101})).data == {"appId": 101}


def test_the_last_of_duplicate_keys_is_used() -> None:
    assert decode('{"cmd": "ping", "seq": "1", "seq": "2"}').seq == "2"


def test_unknown_fields_of_the_frame_are_ignored() -> None:
    assert decode(frame(seq="1", cmd="ping", is_staff=True, response={})) == Request("1", "ping", {})


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "hello",
        "{",
        "[]",
        "null",
        "1",
        '"ping"',
        "NaN",
        '{"cmd": "ping", "data": {"n": NaN}}',
        '{"cmd": "ping", "data": {"n": Infinity}}',
        '{"cmd": "ping"} trailing',
        "{'cmd': 'ping'}",
        '{"cmd": "ping", "data": {"text": "\\ud800"}}',
        '{"cmd": "\ud800"}',
        "[" * 100_000,
        '{"data":' * 5000 + "1" + "}" * 5000,
        b"\xff\xfe",
        b'{"cmd": "\xc3("}',
        b"\x00",
        "\ufeff{}",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_a_frame_that_is_no_json_object_is_refused_without_seq(raw: str | bytes) -> None:
    bad = refusal(raw)
    assert (bad.seq, bad.cmd) == ("", "")


@pytest.mark.parametrize("cmd", [None, "", 5, ["ping"], {}, True, "x" * 65])
def test_an_invalid_command_name_is_refused_with_the_seq(cmd: object) -> None:
    assert refusal(frame(seq="s", cmd=cmd)).seq == "s"


def test_a_frame_without_command_is_refused_with_the_seq() -> None:
    assert refusal(frame(seq="s", data={})).seq == "s"


@pytest.mark.parametrize("data", [[], "text", 5, True])
def test_data_that_is_no_object_is_passed_to_the_command(data: object) -> None:
    assert decode(frame(seq="s", cmd="ping", data=data)) == Request("s", "ping", data)


@pytest.mark.parametrize("seq", [None, 1.5, True, [], {}, "x" * 129, 10**30])
def test_an_invalid_seq_is_refused_with_the_command(seq: object) -> None:
    bad = refusal(frame(seq=seq, cmd="ping"))
    assert (bad.seq, bad.cmd) == ("", "ping")


@example(b'{"cmd":"a","data":' + b'{"a":' * 1500 + b"1" + b"}" * 1500 + b"}")
@given(st.binary() | st.text(st.characters()) | values.map(json.dumps))
def test_any_input_is_a_request_or_a_bad_frame(raw: bytes | str) -> None:
    try:
        request = decode(raw)
    except BadFrame:
        bad = refusal(raw)
        assert isinstance(bad.seq, str) and isinstance(bad.cmd, str) and str(bad)
    else:
        assert request.cmd and isinstance(request.seq, str)


@given(seq=texts.filter(lambda seq: len(seq) <= 128), cmd=st.text("abc.", min_size=1, max_size=64), data=values)
def test_an_encoded_envelope_is_plain_json(seq: str, cmd: str, data: object) -> None:
    envelope = json.loads(encode(seq, cmd, 200, "Success", data))

    assert envelope == {"seq": seq, "cmd": cmd, "response": {"code": 200, "codeMsg": "Success", "data": data}}
    assert list(envelope) == ["seq", "cmd", "response"]


@given(
    seq=texts.filter(lambda seq: len(seq) <= 128),
    cmd=st.text("abc.", min_size=1, max_size=64),
    data=st.dictionaries(texts.filter(lambda key: key not in {"appID", "userID", "msgID"}), values, max_size=4),
)
def test_a_request_survives_a_round_trip(seq: str, cmd: str, data: dict[str, Any]) -> None:
    assert decode(json.dumps({"seq": seq, "cmd": cmd, "data": data})) == Request(seq, cmd, data)


def test_a_reply_without_data_says_null() -> None:
    assert encode("1", "login", 200, "Success") == (
        '{"seq":"1","cmd":"login","response":{"code":200,"codeMsg":"Success","data":null}}'
    )


def test_a_single_envelope_is_no_array() -> None:
    assert join_frames(['{"a":1}']) == '{"a":1}'


@given(st.lists(values, min_size=2, max_size=5))
def test_several_envelopes_are_one_array_in_order(data: list[object]) -> None:
    frames = [encode(str(number), "msg", 200, "Ok", item) for number, item in enumerate(data)]

    assert json.loads(join_frames(frames)) == [json.loads(one) for one in frames]
