"""An entry of the log as bytes, for other nodes, and back. What comes back is checked: bytes may come from anybody."""

from __future__ import annotations

import re
from typing import Any

import orjson
from google.protobuf.message import DecodeError

from delivery.cluster.rpc import deliver_pb2
from delivery.log import Entry

_ORIGIN = re.compile(r"(?:[\w-]{1,64}\.\d{1,18})?", re.ASCII)


class Malformed(ValueError):
    """These bytes are no entry."""


def to_bytes(entry: Entry, *, body: bool = True) -> bytes:
    """The entry; without its body it only announces that the event is there and whom it concerns."""
    return deliver_pb2.Entry(
        position=entry.position,
        time=entry.time,
        kind=entry.kind,
        channel=entry.channel,
        persons=entry.user_ids,
        ref=entry.ref,
        subject=entry.subject,
        app=entry.app,
        origin=entry.origin,
        header=orjson.dumps(entry.header) if entry.header else None,
        body=orjson.dumps(entry.body) if body else None,
    ).SerializeToString()


def from_bytes(data: bytes, *, body: bool = True) -> Entry:
    """What `to_bytes` was given, with the same `body`. Raises Malformed, and nothing else, for all other bytes."""
    made = deliver_pb2.Entry()
    try:
        made.ParseFromString(data)
    except (DecodeError, TypeError) as error:
        raise Malformed(str(error)) from error
    if made.position < 0 or made.time < 0 or not made.kind:
        raise Malformed("neither position nor time is negative, and a kind is not empty")
    if not _ORIGIN.fullmatch(made.origin):
        raise Malformed("an origin is a connection and a number")
    if made.HasField("body") != body:
        raise Malformed("an announcement has no body, everything else has one")
    return Entry(
        kind=made.kind,
        channel=made.channel if made.HasField("channel") else None,
        user_ids=tuple(made.persons),
        ref=made.ref if made.HasField("ref") else None,
        subject=made.subject if made.HasField("subject") else None,
        app=made.app if made.HasField("app") else None,
        origin=made.origin,
        header=_header(made.header) if made.header else {},
        body=_object(made.body) if body else {},
        position=made.position,
        time=made.time,
    )


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(str(error)) from error
    if not isinstance(value, dict):
        raise Malformed("a header and a body are JSON objects")
    return value


def _header(data: bytes) -> dict[str, Any]:
    """A header that delivery can obey."""
    header = _object(data)
    for name in ("join", "leave", "skip", "route", "receipt"):
        persons = header.get(name, ())
        if not isinstance(persons, list | tuple) or not all(type(person) is int for person in persons):
            raise Malformed(f"{name} lists persons")
    revoke = header.get("revoke")
    if revoke is not None and not (
        isinstance(revoke, dict)
        and all(isinstance(revoke.get(name, ""), str | None) for name in ("credential", "except"))
        and type(revoke.get("app", 0)) is int
    ):
        raise Malformed("revoke names credentials, or an app by its number")
    return header
