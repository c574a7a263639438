"""Cuts HTTP connections whose client takes nothing of what was sent to it."""

from __future__ import annotations

import asyncio

from django.conf import settings


class UnreadDataWatch:
    """Aborts a connection if the client takes no byte within IM_UPLOAD_SECONDS_WITHOUT_PROGRESS.

    Closing alone waits for the client as long as it likes. Use it while nothing more is written.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch until all is taken. Do nothing if that is so already, or the watch runs."""
        if self._timer is None and (left := self._transport.get_write_buffer_size()):
            self._wait(left)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, left: int) -> None:
        seconds = settings.IM_UPLOAD_SECONDS_WITHOUT_PROGRESS
        self._timer = asyncio.get_running_loop().call_later(seconds, self._check, left)

    def _check(self, before: int) -> None:
        self._timer = None
        left = self._transport.get_write_buffer_size()
        if left >= before:
            self._transport.abort()
        elif left:
            self._wait(left)
