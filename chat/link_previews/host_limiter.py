"""Limits the requests to each foreign host, so that the site is a polite visitor, whatever its users send."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MAX_WAITING_PER_HOST = 20
"""Requests that wait for one host. Further ones are given up."""
MAX_REQUESTS = 8
"""Requests of this node at a time, to all hosts together."""


class HostBusy(Exception):
    """Too many requests wait for the host."""


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    next_at: float = 0.0


class HostLimiter:
    """Lets one request at a time reach a host, `interval` seconds after the last one began. Event loop only."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._hosts: dict[str, _Host] = {}
        self._places = asyncio.Semaphore(MAX_REQUESTS)

    @asynccontextmanager
    async def request(self, host: str) -> AsyncIterator[None]:
        """Wait until a request to the host may begin; hold its place meanwhile. Raise HostBusy if too many wait."""
        self._forget_idle()
        state = self._hosts.setdefault(host, _Host())
        if state.waiting >= MAX_WAITING_PER_HOST:
            raise HostBusy(host)
        state.waiting += 1
        try:
            async with state.lock:
                await asyncio.sleep(max(0.0, state.next_at - time.monotonic()))
                async with self._places:
                    state.next_at = time.monotonic() + self._interval
                    yield
        finally:
            state.waiting -= 1

    def _forget_idle(self) -> None:
        now = time.monotonic()
        for host in [host for host, state in self._hosts.items() if not state.waiting and state.next_at < now]:
            del self._hosts[host]
