"""The client reads and writes the protocol's envelopes."""

from __future__ import annotations

import json

import pytest

from imsite.client import Refused, envelopes

REPLY = {"seq": "1", "cmd": "ping", "response": {"code": 200, "codeMsg": "Success", "data": "pong"}}


def test_a_request_is_one_object() -> None:
    request = json.loads(envelopes.encode("1", "message.send", {"msg": "夏圭？"}))
    assert request == {"seq": "1", "cmd": "message.send", "data": {"msg": "夏圭？"}}


def test_a_frame_holds_one_envelope_or_an_array() -> None:
    assert [reply.result() for reply in envelopes.decode(json.dumps(REPLY))] == ["pong"]
    assert [reply.seq for reply in envelopes.decode(json.dumps([REPLY, REPLY | {"seq": "2"}]))] == ["1", "2"]


def test_a_refusal_contains_code_reason_and_data() -> None:
    data = {"error": "You are sending too fast.", "retryAfter": 0.5}
    response = {"code": 1011, "codeMsg": "Too much", "reason": "rate_limited", "data": data}
    with pytest.raises(Refused, match="too fast") as caught:
        envelopes.parse_envelope(REPLY | {"response": response}).result()
    assert (caught.value.code, caught.value.reason) == (1011, "rate_limited")
    assert (caught.value.retry_after, caught.value.is_transient) == (0.5, True)


def test_a_refusal_of_an_older_site_has_no_reason() -> None:
    with pytest.raises(Refused) as caught:
        envelopes.parse_envelope(
            REPLY | {"response": {"code": 1003, "codeMsg": "Not authorised", "data": None}}
        ).result()
    assert (caught.value.code, caught.value.reason) == (1003, "")


def test_a_fixed_limit_is_not_temporary() -> None:
    assert not Refused(1011, "Too long", {"limit": 8000}).is_transient
    assert not Refused(1003, "No").is_transient


@pytest.mark.parametrize("frame", ["", "[1]", "{}", '{"seq": "1", "cmd": "x", "response": 5}', '"text"'])
def test_an_invalid_envelope_raises_value_error(frame: str) -> None:
    with pytest.raises(ValueError):
        envelopes.decode(frame)
