"""Calls that send messages, and the stored texts."""

from __future__ import annotations

from chat.models import Message
from tests.chat.api.v1.conftest import Caller, Reply


def texts() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("text", flat=True))


def send(bot: Caller, to: dict[str, object], text: str = "hello", **more: object) -> Reply:
    return bot.post("messages/", {"to": to, "msg": text, **more})


def bulk(bot: Caller, *messages: dict[str, object], **headers: str) -> Reply:
    return bot.post("messages/bulk/", {"messages": messages}, **headers)
