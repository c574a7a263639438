"""The content of a notification, as JSON for the browser's service worker (static/service-worker/).

`user` and `subscription` are for the worker, which shows nothing that is meant for another user of the browser. Texts
around names, such as "in", are the worker's, in the language of its page.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from django.conf import settings

from accounts.joiners import cut
from chat import payloads, rules
from chat.models import Channel, Message, PushNotification

MAX_BYTES = 3000
"""Bytes of a payload. Push services take 4,096, of which the encryption needs about 100."""
MAX_TEXT_LENGTH = 300
_MARKS = re.compile(r"\*\*|~~|`+|^> ?", re.MULTILINE)
"""Marks of formatting that a notification does without."""


def message_notification(row: PushNotification, message: Message) -> bytes:
    """Return the payload for a message with its channel, app and sender."""
    channel = message.channel
    data = _address(row) | {"target": str(channel.pk), "seq": message.seq, "message": str(message.pk)}
    data["count"] = row.count
    if channel.app is not None:
        data["appId"] = channel.app.number
    if message.thread_only:
        data["threadId"] = str(message.thread)
    if not settings.IM_PUSH_CONTENT:
        return orjson.dumps(data)
    data["name"] = message.shown_as or message.sender.nickname
    if channel.kind != Channel.Kind.PRIVATE and channel.name:
        data["channel"] = channel.name
    return _with_text(data, _text(message)) if row.subscription.shows_text else orjson.dumps(data)


def test_notification(row: PushNotification) -> bytes:
    """Return the payload of a test."""
    return orjson.dumps(_address(row) | {"test": True})


def _address(row: PushNotification) -> dict[str, Any]:
    subscription = row.subscription
    return {"user": str(subscription.user_id), "subscription": str(subscription.pk)}


def _text(message: Message) -> str:
    text = payloads.plain_text(message)
    if message.type == "action":
        return rules.action_text(message.shown_as or message.sender.nickname, text)
    return _MARKS.sub("", text)


def _with_text(data: dict[str, Any], text: str) -> bytes:
    """Return the payload with as much of the text as fits."""
    length = min(len(text), MAX_TEXT_LENGTH)
    while True:
        shown = text if length == len(text) else f"{cut(text, length)}…"
        body = orjson.dumps(data | {"text": shown})
        if len(body) <= MAX_BYTES or not length:
            return body
        length //= 2
