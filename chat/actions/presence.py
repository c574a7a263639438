"""`enter` and `exit`: who comes to an app's room and goes, told to the others there. Transient: in no log."""

from __future__ import annotations

import asyncio

from django.conf import settings

from delivery import log, publish
from delivery.connection import Connection
from delivery.hub import Hub
from delivery.log import Entry

ENTER, EXIT = "enter", "exit"


class Comings:
    """Watches a hub's first and last connections. A short absence, such as a page reload, is not told."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._going: dict[tuple[int, int], asyncio.TimerHandle] = {}
        hub.on_first, hub.on_last = self.came, self.went

    def came(self, connection: Connection) -> None:
        assert connection.person is not None
        going = self._going.pop((connection.person, connection.app), None)
        if going is not None:
            going.cancel()
        else:
            self._tell(ENTER, connection, f"{connection.name} is here")

    def went(self, connection: Connection) -> None:
        assert connection.person is not None
        key = (connection.person, connection.app)
        loop = asyncio.get_running_loop()
        self._going[key] = loop.call_later(settings.IM_PRESENCE_GRACE, self._gone, key, connection)

    def _gone(self, key: tuple[int, int], connection: Connection) -> None:
        del self._going[key]
        self._tell(EXIT, connection, f"{connection.name} has left")

    def _tell(self, kind: str, connection: Connection, text: str) -> None:
        if self._hub.presence.count(connection.app) > settings.IM_PRESENCE_LIMIT:
            return
        room = connection.channels[0]
        body = {
            "target": str(room),
            "type": "text",
            "msg": text,
            "from": connection.name,
            "fromId": str(connection.person),
            "name": connection.nickname,
            "kind": connection.kind,
        }
        header = {"skip": [connection.person]}
        publish.transient(Entry(kind=kind, channel=room, header=header, body=body, time=log.now_ms()))
