"""Events as clients get them, live and by `sync`: one envelope for both."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from chat import errors
from chat.wire import protobuf_codec
from delivery.log import Entry

PUSH_TEXT = "Ok"
_HIDDEN = frozenset({"revocation"})
"""Kinds that only end connections."""


def envelope(entry: Entry) -> dict[str, Any]:
    """The JSON push of an event; its data carries the position where it has one."""
    data = dict(entry.body)
    if entry.position:
        data["position"] = entry.position
    # Another system may have numbered the push itself.
    seq = data.pop("pushSeq", "") or data.get("id") or str(entry.position or entry.time)
    response = {"code": errors.SUCCESS.number, "codeMsg": PUSH_TEXT, "data": data}
    return {"seq": seq, "cmd": entry.kind, "response": response}


def json_push(entry: Entry) -> str | None:
    return orjson.dumps(envelope(entry)).decode() if shown(entry) else None


PROTOBUF, PROTOBUF_AND_CALLS = "protobuf", "protobuf+calls"
"""Codecs of `/ws`: of a connection that has sent no Call yet, and of one that has."""


def protobuf_message(entry: Entry) -> protobuf_codec.Message:
    """The message of a `msg` event of a channel. One that was recalled, or is not kept any longer, has no content."""
    body, people = entry.body, entry.header.get("route")
    sender, type = int(body["fromId"]), body["type"]
    assert entry.channel is not None
    return protobuf_codec.Message(
        single=people is not None,
        receiver=next(person for person in people if person != sender) if people else entry.channel,
        sender=sender,
        type=type,
        content=body["msg"].encode() if type == "text" else base64.b64decode(body.get("content") or ""),
        seq=entry.position,
        time=body["time"],
    )


def protobuf_push(entry: Entry) -> bytes | None:
    """Messages only."""
    if entry.kind != "msg" or not entry.position or entry.channel is None:
        return None
    return protobuf_codec.push(errors.SUCCESS.number, PUSH_TEXT, protobuf_message(entry))


def protobuf_or_call_push(entry: Entry) -> bytes | None:
    """Messages, and all else as the JSON protocol has it."""
    if (push := protobuf_push(entry)) is not None:
        return push
    text = json_push(entry)
    return None if text is None else protobuf_codec.json_call(errors.SUCCESS.number, PUSH_TEXT, text)


def shown(entry: Entry) -> bool:
    """Whether clients get to see the event; delivery obeys the others without a word."""
    return entry.kind not in _HIDDEN
