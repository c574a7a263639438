"""The timer that re-sends unacknowledged pushes of all `/ws` connections of this process."""

from __future__ import annotations

import asyncio
from typing import Protocol

RESEND_AFTER_SECONDS = 5.0
"""Seconds between two ticks. A client has at least this long to acknowledge a push, and at most twice as long."""


class Resendable(Protocol):
    """An object whose `resend` sends unacknowledged pushes again: `chat.consumers.resend.UnacknowledgedPushes`."""

    def resend(self) -> None: ...


class ResendTimer:
    """Calls `resend` of every watched object every RESEND_AFTER_SECONDS. Runs only while an object is watched."""

    def __init__(self) -> None:
        self.tick = 0
        self._watched: dict[Resendable, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, connection: Resendable) -> None:
        self._watched[connection] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(RESEND_AFTER_SECONDS, self._fire)

    def forget(self, connection: Resendable) -> None:
        self._watched.pop(connection, None)

    def _fire(self) -> None:
        self._timer = None
        self.tick += 1
        for connection in list(self._watched):
            self.watch(connection)
            connection.resend()
