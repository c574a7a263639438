"""Codec of the JSON protocol of `/acc`: decodes requests, encodes replies and pushes. Pure.

A text frame is one object, or an array of objects if the client requested batching.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

_SPELLINGS = {"appID": "appId", "userID": "userId", "msgID": "msgId"}
_MAX_SEQ = 128


class Request(NamedTuple):
    """A request. The client chooses `seq`, and the reply repeats it. `data` is any JSON; commands require an object."""

    seq: str
    cmd: str
    data: Any


class BadFrame(ValueError):
    """The frame is not a request. `seq` and `cmd` hold the values that could be read, for the reply."""

    def __init__(self, why: str, seq: str = "", cmd: str = "") -> None:
        super().__init__(why)
        self.seq = seq
        self.cmd = cmd


def decode(raw: str | bytes) -> Request:
    """Decode a frame. Raise BadFrame unless it is a JSON object with a string `cmd`."""
    try:
        frame = orjson.loads(raw)
    except (ValueError, RecursionError) as error:  # orjson's own error is a ValueError; lone surrogates are one too
        raise BadFrame("The frame is not JSON.") from error
    if not isinstance(frame, dict):
        raise BadFrame("The frame is not a JSON object.")
    seq, cmd, data = frame.get("seq", ""), frame.get("cmd", ""), frame.get("data")
    if isinstance(seq, int) and not isinstance(seq, bool):
        seq = str(seq)
    if not isinstance(seq, str) or len(seq) > _MAX_SEQ:
        raise BadFrame(
            f"seq must be a string of at most {_MAX_SEQ} characters.", cmd=cmd if isinstance(cmd, str) else ""
        )
    if not isinstance(cmd, str) or not cmd or len(cmd) > 64:
        raise BadFrame("cmd must be a string that names a command.", seq)
    if data is None:
        data = {}
    if isinstance(data, dict):
        for spelling, name in _SPELLINGS.items():
            if spelling in data:
                data.setdefault(name, data.pop(spelling))
    return Request(seq, cmd, data)


def encode(seq: str, cmd: str, code: int, text: str, data: object = None, *, reason: str = "") -> str:
    """Encode a reply, or a push if `text` is "Ok". Only refusals have a `reason`."""
    refusal = {"reason": reason} if reason else {}
    response = {"code": code, "codeMsg": text, **refusal, "data": data}
    return orjson.dumps({"seq": seq, "cmd": cmd, "response": response}).decode()


def join_frames(frames: list[str]) -> str:
    """Join envelopes into one JSON array, for a client that requested batching."""
    return frames[0] if len(frames) == 1 else "[" + ",".join(frames) + "]"
