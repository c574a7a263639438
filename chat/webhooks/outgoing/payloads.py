"""Bodies of the requests to webhook receivers, built from events of the log.

A body is `{"webhook": "<its id>", "events": [{"event", "position", "time", "data"}, …]}`. Positions grow. A receiver
may get an event more than once and recognizes it by its position. An event with `late: true` was refused before, so its
position may be below that of events already accepted.

`data` is the data of the push; for `member.joined` and `member.left` it is `{"target", "who", "by"}`, for
`person.online` and `person.offline` the user and the `appId`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from chat import payloads
from chat.models import Webhook
from chat.wire.schema.event_kind import WebhookEvent
from chat.wire.schema.events import EVENTS, PING
from delivery.log import Entry


def events(webhook: Webhook, entry: Entry) -> list[dict[str, Any]]:
    """Return the events that the webhook receives for an entry of the log; usually one or none."""
    if entry.header.get("no_webhooks"):
        return []
    return [
        _event(event, entry.position, entry.time, _data(event, entry))
        for event in EVENTS[entry.kind].webhooks
        if event.is_wanted(webhook.subscriptions) and (not event.members or entry.header.get(event.members))
    ]


def _data(event: WebhookEvent, entry: Entry) -> dict[str, Any]:
    return _members(entry, entry.header[event.members]) if event.members else payloads.push_data(entry)


def _members(entry: Entry, ids: Sequence[int]) -> dict[str, Any]:
    body = entry.body
    users = {user["id"]: user for user in (body["by"], *body["who"])}
    return {"target": body["target"], "who": [users[str(pk)] for pk in ids if str(pk) in users], "by": body["by"]}


def _event(event: WebhookEvent, position: int, time: int, data: dict[str, Any]) -> dict[str, Any]:
    return {"event": event.name, "position": position, "time": time, "data": data}


def body(webhook: Webhook, events: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps({"webhook": str(webhook.pk), "events": events})


def ping_body(webhook: Webhook, now: int) -> bytes:
    """Return the body of a test request: one event `ping`, which is not in the log."""
    return body(webhook, [_event(PING, 0, now, {})])
