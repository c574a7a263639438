"""Bodies of legacy answers are JSON as DRF writes it, byte for byte."""

from __future__ import annotations

import pytest
from rest_framework.renderers import JSONRenderer

from chat import reasons
from chat.api.legacy.answers import answer_body, encode
from chat.errors import ChatError


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"userList": ["alice", "夏圭？", "👩\u200d🚀"], "userCount": 3, "online": True, "none": None},
        {"error": "".join(map(chr, range(0x80))) + "\u2028\u2029\xad\ufeff"},
        {"retryAfter": 0.001, "limit": 2**53, "wait": 123.456, "negative": -1.5},
        ChatError(reasons.RATE_LIMITED, retryAfter=9.987).data,
    ],
)
def test_a_body_is_written_as_before(data: dict[str, object]) -> None:
    body = answer_body(data)
    assert encode(body) == JSONRenderer().render(body)
