"""Events of the log as receivers of webhooks get them.

A request's body is `{"webhook": "<its id>", "events": [{"event", "position", "time", "data"}, …]}`. Positions grow; who
gets one again (at least once!) has had it; but with `late: true` it is one that was refused before, and passed by
others since. `data` is what the WebSocket protocols push: of a message, its edit and its
recall as they are, of `member.joined` and `member.left` `{"target", "who", "by"}`, of `person.online` and
`person.offline` the person and the `appId`. `presence.reset`: the site has started and takes nobody for online; who is,
follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from chat import payloads
from chat.models import Webhook
from chat.selectors import MESSAGE, NOTE
from chat.selectors.presence_events import PRESENCE_RESET
from chat.webhooks.outgoing.selectors import EDITED, RECALLED
from delivery.log import Entry

PING = "ping"
_SAME = {MESSAGE: "message.sent", EDITED: "message.edited", RECALLED: "message.recalled"}
_MEMBERS = {"join": "member.joined", "leave": "member.left"}


def events(hook: Webhook, entry: Entry) -> list[dict[str, Any]]:
    """What the hook is told of an entry; mostly one event or none."""
    if entry.kind == NOTE:
        told = [
            (name, _members(entry, entry.header[change]))
            for change, name in _MEMBERS.items()
            if entry.header.get(change)
        ]
    else:
        told = [(_SAME.get(entry.kind, entry.kind), payloads.push_data(entry))]
    heard = {*hook.heard, PRESENCE_RESET}
    return [_event(name, entry.position, entry.time, data) for name, data in told if name in heard]


def _members(entry: Entry, ids: Sequence[int]) -> dict[str, Any]:
    body = entry.body
    people = {person["id"]: person for person in (body["by"], *body["who"])}
    return {"target": body["target"], "who": [people[str(pk)] for pk in ids if str(pk) in people], "by": body["by"]}


def _event(name: str, position: int, time: int, data: dict[str, Any]) -> dict[str, Any]:
    return {"event": name, "position": position, "time": time, "data": data}


def body(hook: Webhook, told: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps({"webhook": str(hook.pk), "events": told})


def ping_body(hook: Webhook, now: int) -> bytes:
    """A test: one event `ping` that stands nowhere in the log."""
    return body(hook, [_event(PING, 0, now, {})])
