"""Events as clients get them, live and by `sync`: one envelope for both."""

from __future__ import annotations

from typing import Any

import orjson

from chat import errors
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


def shown(entry: Entry) -> bool:
    """Whether clients get to see the event; delivery obeys the others without a word."""
    return entry.kind not in _HIDDEN
