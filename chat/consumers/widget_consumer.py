"""The consumer of `/widget`: the JSON protocol for one channel in another page."""

from __future__ import annotations

from typing import Any

from chat.commands.registry import Caller
from chat.consumers import handshake
from chat.consumers.json_consumer import JsonConsumer
from chat.origins import normalize_origin
from delivery.hub.connection import Connection


class WidgetConsumer(JsonConsumer):
    """One connection of a widget. Its page's origin must be allowed; the handshake's cookies are ignored."""

    def _admits(self, scope: dict[str, Any]) -> bool:
        self._origin = handshake.widget_origin(scope)
        return self._origin is not None

    def _new_caller(self, connection: Connection) -> Caller:
        return Caller(connection, widget_origin=normalize_origin(self._origin or ""))
