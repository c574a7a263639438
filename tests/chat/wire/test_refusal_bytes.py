"""Refusals and acknowledgements at `/ws` have the bytes that its clients have always received."""

from __future__ import annotations

import pytest

from chat import errors
from chat.wire import protobuf_codec

TEXTS = {
    1000: "Not logged in",
    1001: "Illegal parameter",
    1002: "Illegal user id",
    1003: "Not authorised",
    1004: "Server error",
    1005: "No data",
    1006: "Could not add",
    1007: "Could not delete",
    1008: "Could not store",
    1009: "Operation failed",
    1010: "No such command",
    1011: "Too much",
}


def _output(number: bytes, text: str, ack: bytes) -> bytes:
    body = b"\x08\x04\x10" + number + b"\x1a" + bytes([len(text)]) + text.encode()
    body += b"\x22" + bytes([len(ack)]) + ack if ack else b""
    return b"\x0a" + bytes([len(body)]) + body


@pytest.mark.parametrize("code", [code for code in errors.CODES if code is not errors.SUCCESS])
def test_a_refusal_has_the_code_and_its_text(code: errors.Code) -> None:
    number = bytes([code.number & 0x7F | 0x80, code.number >> 7])
    text = TEXTS[code.number]
    refusal = protobuf_codec.encode_refusal(code.number, code.text, client_id=5)
    assert refusal == _output(number, text, b"\x10\x05")
    assert protobuf_codec.encode_refusal(code.number, code.text) == _output(number, text, b"")


def test_acknowledgements_say_success() -> None:
    success = errors.SUCCESS
    login = protobuf_codec.encode_acknowledgement(protobuf_codec.LOGIN, success.number, success.text)
    assert login == _output(b"\xc8\x01", "Success", b"\x08\x03")
    stored = protobuf_codec.encode_acknowledgement(protobuf_codec.UP, success.number, success.text, client_id=2, seq=9)
    assert stored == _output(b"\xc8\x01", "Success", b"\x08\x01\x10\x02\x18\x09")
