"""The envelopes of `/acc`. Pure: text in, values out, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imsite.client.errors import Refused
from imsite.client.types import Push

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
        """The reply's data. Raises Refused if its code is not success."""
        if self.code == SUCCESS:
            return self.data
        data = self.data if isinstance(self.data, dict) else {}
        raise Refused(self.code, str(data.get("error") or self.text), data, reason=self.reason)

    def push(self) -> Push:
        return Push(self.cmd, self.data if isinstance(self.data, dict) else {}, self.seq)


def encode(seq: str, cmd: str, data: Mapping[str, Any]) -> str:
    return json.dumps({"seq": seq, "cmd": cmd, "data": data}, ensure_ascii=False, separators=(",", ":"))


def decode(frame: str | bytes) -> list[Envelope]:
    """The envelopes of a frame: one, or under load an array of them. Raises ValueError for anything else."""
    content = json.loads(frame)
    return [envelope(item) for item in (content if isinstance(content, list) else [content])]


def envelope(item: Any) -> Envelope:
    """An envelope that was parsed already, such as one of a `sync` page. Raises ValueError."""
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
        raise ValueError("this is no envelope") from error
