"""Encodes events as bytes for other nodes, and decodes them with full checks, because the bytes may be forged."""

from __future__ import annotations

import re
from typing import Any

import orjson
from google.protobuf.message import DecodeError

from delivery.cluster.rpc import deliver_pb2
from delivery.log import Entry

_ORIGIN = re.compile(r"(?:[\w-]{1,64}\.\d{1,18})?", re.ASCII)


class MalformedEntry(ValueError):
    """These bytes are not an event."""


def encode_entry(entry: Entry, *, body: bool = True) -> bytes:
    """Return the event as bytes; without its body they announce only that the event exists, and its audience."""
    return deliver_pb2.Entry(
        position=entry.position,
        time=entry.time,
        kind=entry.kind,
        channel=entry.channel,
        user_ids=entry.user_ids,
        ref=entry.ref,
        subject=entry.subject,
        app=entry.app,
        origin=entry.origin,
        header=orjson.dumps(entry.header) if entry.header else None,
        body=orjson.dumps(entry.body) if body else None,
        media_type=entry.media_type if body else None,
        media=entry.media if body else None,
    ).SerializeToString()


def decode_entry(data: bytes, *, body: bool = True) -> Entry:
    """Return the event that `encode_entry` was given with the same `body`. Raises only MalformedEntry."""
    message = deliver_pb2.Entry()
    try:
        message.ParseFromString(data)
    except (DecodeError, TypeError) as error:
        raise MalformedEntry(str(error)) from error
    if message.position < 0 or message.time < 0 or not message.kind:
        raise MalformedEntry("position and time must not be negative, and kind must not be empty")
    if not _ORIGIN.fullmatch(message.origin):
        raise MalformedEntry("origin must be a connection and a number")
    if message.HasField("body") != body:
        raise MalformedEntry("an announcement has no body, everything else has one")
    return Entry(
        kind=message.kind,
        channel=message.channel if message.HasField("channel") else None,
        user_ids=tuple(message.user_ids),
        ref=message.ref if message.HasField("ref") else None,
        subject=message.subject if message.HasField("subject") else None,
        app=message.app if message.HasField("app") else None,
        origin=message.origin,
        header=_decode_header(message.header) if message.header else {},
        body=_decode_object(message.body) if body else {},
        media_type=message.media_type,
        media=message.media,
        position=message.position,
        time=message.time,
    )


def _decode_object(data: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedEntry(str(error)) from error
    if not isinstance(value, dict):
        raise MalformedEntry("header and body must be JSON objects")
    return value


def _decode_header(data: bytes) -> dict[str, Any]:
    """Return a header whose fields have the types that delivery needs."""
    header = _decode_object(data)
    for name in ("join", "leave", "skip", "route", "receipt"):
        user_ids = header.get(name, ())
        if not isinstance(user_ids, list | tuple) or not all(type(user_id) is int for user_id in user_ids):
            raise MalformedEntry(f"{name} must list user ids")
    revoke = header.get("revoke")
    if revoke is not None and not (
        isinstance(revoke, dict)
        and all(isinstance(revoke.get(name, ""), str | None) for name in ("credential", "except"))
        and type(revoke.get("app", 0)) is int
    ):
        raise MalformedEntry("revoke must name credentials, or an app by its number")
    return header
