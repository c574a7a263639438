"""Encodes events for clients: live pushes of both protocols, and the envelopes in `sync` replies."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from django.conf import settings

from chat import errors
from chat.wire import protobuf_codec
from chat.wire.schema.event_kind import Clients
from chat.wire.schema.events import EVENTS
from delivery.log import Entry

PUSH_TEXT = "Ok"


def envelope(entry: Entry) -> dict[str, Any]:
    """Return the JSON push of an event. Its data has the event's position if it has one."""
    data = dict(entry.body)
    if entry.position:
        data["position"] = entry.position
    # Another system may have numbered the push itself.
    seq = data.pop("pushSeq", "") or data.get("id") or str(entry.position or entry.time)
    response = {"code": errors.SUCCESS.number, "codeMsg": PUSH_TEXT, "data": data}
    return {"seq": seq, "cmd": entry.kind, "response": response}


def json_push(entry: Entry) -> str | None:
    """Encode the push for `/acc`; None if clients do not get this kind of event."""
    return orjson.dumps(envelope(entry)).decode() if is_push(entry) else None


PROTOBUF, PROTOBUF_AND_CALLS = "protobuf", "protobuf+calls"
"""Codecs of `/ws` connections: before their first Call, and after it."""


def protobuf_message(entry: Entry) -> protobuf_codec.Message:
    """Return the message of a `msg` event of a channel; without content if it was recalled or is no longer stored."""
    body, recipients = entry.body, entry.header.get("route")
    sender = int(body["fromId"])
    assert entry.channel is not None
    return protobuf_codec.Message(
        single=recipients is not None,
        receiver=next(user_id for user_id in recipients if user_id != sender) if recipients else entry.channel,
        sender=sender,
        type=entry.media_type or ("text" if body["type"] == "file" else body["type"]),
        content=entry.media or _protobuf_content(body),
        seq=entry.position,
        time=body["time"],
    )


def _protobuf_content(body: dict[str, Any]) -> bytes:
    """Return the content of a message; of one with attachments, the text and the addresses of its files.

    Pictures and voice messages of former versions have theirs in the body.
    """
    if body["type"] not in ("text", "file"):
        return base64.b64decode(body.get("content") or "")
    lines = [body["msg"], *(settings.IM_SITE_URL + item["url"] for item in body.get("attachments", ()))]
    return "\n".join(lines).encode()


def protobuf_push(entry: Entry) -> bytes | None:
    """Encode the push for `/ws` as a Message; None unless it is a message with a channel and a position."""
    kind = EVENTS.get(entry.kind)
    if kind is None or kind.clients is not Clients.ALL or not entry.position or entry.channel is None:
        return None
    return protobuf_codec.encode_push(errors.SUCCESS.number, PUSH_TEXT, protobuf_message(entry))


def protobuf_or_call_push(entry: Entry) -> bytes | None:
    """Encode the push for `/ws` as a Message if `protobuf_push` can, else as a Call with the JSON push.

    None if clients do not get this kind of event.
    """
    if (push := protobuf_push(entry)) is not None:
        return push
    text = json_push(entry)
    return None if text is None else protobuf_codec.encode_call(errors.SUCCESS.number, PUSH_TEXT, text)


def is_push(entry: Entry) -> bool:
    """Return whether clients get the event.

    A kind that this node does not know is passed on, because newer nodes may.
    """
    kind = EVENTS.get(entry.kind)
    return kind is None or kind.is_push
