"""JSON envelopes of the `/acc` protocol. Pure: decodes text to values and encodes values to text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Refused
from .types import Push

SUCCESS = 200


@dataclass(frozen=True, slots=True)
class Envelope:
    """One reply or push."""

    seq: str
    cmd: str
    code: int
    text: str
    data: Any
    reason: str = ""
    """The key of a refusal."""

    def result(self) -> Any:
        """Return the reply's data. Raises Refused if its code is an error."""
        if self.code == SUCCESS:
            return self.data
        data = self.data if isinstance(self.data, dict) else {}
        raise Refused(self.code, str(data.get("error") or self.text), data, reason=self.reason)

    def to_push(self) -> Push:
        """Return the envelope as a push."""
        return Push(self.cmd, self.data if isinstance(self.data, dict) else {}, self.seq)


def encode(seq: str, cmd: str, data: Mapping[str, Any]) -> str:
    """Return the frame of a request."""
    return json.dumps({"seq": seq, "cmd": cmd, "data": data}, ensure_ascii=False, separators=(",", ":"))


def decode(frame: str | bytes) -> list[Envelope]:
    """Return the envelopes of a frame: one, or several from an array. Raises ValueError for anything else."""
    content = json.loads(frame)
    return [parse_envelope(item) for item in (content if isinstance(content, list) else [content])]


def parse_envelope(item: Any) -> Envelope:
    """Return an envelope from decoded JSON, such as an item of a `sync` page. Raises ValueError."""
    try:
        response = item["response"]
        return Envelope(
            str(item["seq"]),
            str(item["cmd"]),
            int(response["code"]),
            str(response.get("codeMsg", "")),
            response.get("data"),
            str(response.get("reason") or ""),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("This is not an envelope.") from error
