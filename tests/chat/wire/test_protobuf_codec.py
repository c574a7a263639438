"""The protobuf codec consists of pure functions: bytes in, values out."""

from __future__ import annotations

import contextlib

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from chat.wire import im_pb2 as im
from chat.wire import protobuf_codec as codec
from chat.wire.protobuf_codec import BadInput, Message, decode

UP = im.UpMsg(
    msg=im.Message(session_type=2, receiver_id=7, sender_id=8, message_type=1, content="马".encode()),
    clientId=3,
    clientMsgId="key",
).SerializeToString()


def given_as(type: int, data: bytes = b"") -> bytes:
    return im.Input(type=type, data=data).SerializeToString()


def refusal(raw: bytes) -> BadInput:
    with pytest.raises(BadInput) as caught:
        decode(raw)
    return caught.value


def outputs(frame: bytes) -> list[im.Output]:
    return [im.Output.FromString(item) for item in im.OutputBatch.FromString(frame).outputs]


def test_each_input_type_is_decoded_as_its_request() -> None:
    assert decode(given_as(1, im.LoginMsg(token=b"secret").SerializeToString())) == codec.Login("secret")
    assert decode(given_as(2)) == codec.Heartbeat()
    assert decode(given_as(3, UP)) == codec.SendRequest(3, "key", "group", 7, 8, "text", "马".encode())
    assert decode(given_as(4, im.ACKMsg(type=2, seq=9).SerializeToString())) == codec.Acknowledge(9)
    assert decode(given_as(4, im.ACKMsg(type=3, seq=9).SerializeToString())) == codec.Acknowledge(None)
    assert decode(given_as(5, im.SyncInputMsg(seq=2**64 - 1).SerializeToString())) == codec.Sync(2**64 - 1)
    assert decode(given_as(6, b"{}")) == codec.JsonCall(b"{}")


@pytest.mark.parametrize("type", [0, 7, 1000, -1])
def test_an_unknown_type_is_reported_as_unknown(type: int) -> None:
    assert decode(given_as(type, b"\xff")) == codec.Unknown()


def test_no_bytes_are_an_input_of_unknown_type() -> None:
    assert decode(b"") == codec.Unknown()


def test_unknown_enum_values_of_a_message_keep_its_number() -> None:
    message = im.Message(session_type=9, message_type=9)
    up = decode(given_as(3, im.UpMsg(msg=message, clientId=5).SerializeToString()))
    assert isinstance(up, codec.SendRequest)
    assert (up.client_id, up.session, up.type) == (5, None, None)


def test_a_token_that_is_no_text_belongs_to_no_user() -> None:
    assert decode(given_as(1, im.LoginMsg(token=b"\xff").SerializeToString())) == codec.Login("\ufffd")


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff",
        given_as(3, UP)[:-1],
        b"\x12\xff\xff\xff\xff\x7fx",
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0c",
        b"\x08",
        b"\x12",
        b"\x0b" * 10_000,
    ],
)
def test_an_invalid_input_is_refused(raw: bytes) -> None:
    bad = refusal(raw)
    assert (bad.readable, bad.login) == (False, False)


@pytest.mark.parametrize(
    ("type", "data"),
    [
        (1, b"\xff"),
        (3, b"\xff\xff"),
        (3, UP[:-1]),
        (3, b"\x0a\xff\xff\xff\xff\x0f"),
        (3, b"\x1a\x01\xff"),
        (4, b"\x08"),
        (5, b"\x09"),
    ],
)
def test_a_valid_input_with_garbage_in_it_is_refused(type: int, data: bytes) -> None:
    bad = refusal(given_as(type, data))
    assert (bad.readable, bad.login) == (True, type == 1)


def test_fields_of_the_wrong_wire_type_are_as_if_absent() -> None:
    # Field 2 of Input, a string, sent as a number; field 1 of SyncInputMsg, a number, sent as a string.
    assert decode(b"\x08\x05\x10\x07") == codec.Sync(0)
    assert decode(given_as(5, b"\x0a\x01x")) == codec.Sync(0)


@given(st.binary() | st.builds(given_as, st.integers(-1, 9), st.binary()))
def test_any_bytes_are_a_request_or_a_bad_input(raw: bytes) -> None:
    with contextlib.suppress(BadInput):
        assert decode(raw) is not None


@given(
    st.integers(0, 2**64 - 1), st.text(max_size=5), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.binary()
)
def test_a_sent_message_survives_a_round_trip(
    number: int, key: str, receiver: int, sender: int, content: bytes
) -> None:
    message = im.Message(session_type=1, receiver_id=receiver, sender_id=sender, message_type=3, content=content)
    raw = im.UpMsg(msg=message, clientId=number, clientMsgId=key).SerializeToString()
    assert decode(given_as(3, raw)) == codec.SendRequest(number, key, "single", receiver, sender, "voice", content)


def test_a_login_is_acknowledged() -> None:
    (output,) = outputs(codec.encode_acknowledgement(codec.LOGIN, 200, "Success"))
    assert (output.type, output.code, output.CodeMsg) == (im.CT_ACK, 200, "Success")
    assert im.ACKMsg.FromString(output.data) == im.ACKMsg(type=im.AT_LOGIN)


def test_a_refusal_is_an_acknowledgement_of_unknown_type_with_the_number() -> None:
    (output,) = outputs(codec.encode_refusal(1005, "No data", client_id=4))
    assert (output.type, output.code) == (im.CT_ACK, 1005)
    assert im.ACKMsg.FromString(output.data) == im.ACKMsg(clientId=4)


def test_a_push_contains_the_whole_message() -> None:
    (output,) = outputs(codec.encode_push(200, "Ok", Message(True, 2, 3, "picture", b"\xff", 9, 1700)))
    assert (output.type, output.code) == (im.CT_MESSAGE, 200)
    assert im.PushMsg.FromString(output.data).msg == im.Message(
        session_type=1, receiver_id=2, sender_id=3, message_type=2, content=b"\xff", seq=9, send_time=1700
    )


def test_only_a_push_decodes_to_its_message() -> None:
    message = Message(True, 2, 3, "text", b"x", 9, 1700)
    found = codec.decode_pushed_message(codec.encode_push(200, "Ok", message))
    assert found is not None and found.seq == 9
    assert codec.decode_pushed_message(codec.encode_refusal(1001, "No")) is None
    assert codec.decode_pushed_message(codec.encode_sync_page(200, "Ok", [message], has_more=False)) is None


def test_frames_joined_are_one_batch_in_order() -> None:
    frames = [codec.encode_refusal(1000 + number, "No") for number in range(5)]
    assert [output.code for output in outputs(codec.join_frames(frames))] == [1000, 1001, 1002, 1003, 1004]
    assert codec.join_frames(frames[:1]) == frames[0]


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans())
def test_a_page_survives_a_round_trip(contents: list[bytes], more: bool) -> None:
    messages = [Message(False, 1, 2, "text", content, seq, 0) for seq, content in enumerate(contents)]
    (output,) = outputs(codec.encode_sync_page(200, "Success", messages, has_more=more))
    page = im.SyncOutputMsg.FromString(output.data)
    assert [(one.content, one.seq) for one in page.messages] == [(m.content, m.seq) for m in messages]
    assert page.has_more == more


def test_a_json_envelope_survives_a_round_trip() -> None:
    (output,) = outputs(codec.encode_call(200, "Ok", '{"cmd":"马"}'))
    assert (output.type, output.data.decode()) == (im.CT_CALL, '{"cmd":"马"}')


def test_the_protobuf_library_raises_the_caught_error() -> None:
    with pytest.raises(DecodeError):
        im.Input.FromString(b"\xff")
