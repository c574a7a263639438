"""Limits the connection of a widget to these commands, with these fields, in its own channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chat import reasons
from chat.commands.registry import Command
from chat.errors import ChatError
from chat.wire.schema.events import READ_MARK, TYPING
from delivery.hub.connection import Connection

WIDGET_COMMANDS: Mapping[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "login": "appId serviceToken after",
        "widget.renew": "serviceToken",
        "ping": "",
        "heartbeat": "",
        "sync": "after",
        "emoji.list": "",
        "channel.get": "target",
        "message.history": "target before after limit",
        "message.get": "target id",
        "message.send": "target msg clientMsgId replyTo attachments",
        "message.edit": "target id msg",
        "message.recall": "target id",
        "message.react": "target id emoji",
        "message.unreact": "target id emoji",
        READ_MARK.name: "target seq",
        TYPING.name: "target",
    }.items()
}
"""The fields of each command that a widget may use. A command without an entry is refused, and so is a new one."""


def require_widget_fields(command: Command, data: Any) -> None:
    """Raise ChatError WIDGET_COMMAND for a command, or a field of it, that a widget may not use."""
    allowed = WIDGET_COMMANDS.get(command.name)
    given = data.keys() if isinstance(data, dict) else ()
    if allowed is None or any(name in command.takes.__struct_fields__ and name not in allowed for name in given):
        raise ChatError(reasons.WIDGET_COMMAND)


def require_widget_channel(connection: Connection, data: Any) -> None:
    """Raise ChatError CHANNEL_NOT_FOUND if the request names another channel than the widget's own."""
    target = getattr(data, "target", None)
    if target is not None and target != connection.only_channel:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
