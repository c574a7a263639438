"""Measures whether members can read while nobody can write."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from imsite.client import Client, ClientConnection
from tests.chaos.stage import Stage

_PAUSE_SECONDS = 0.2


class Reader:
    """A further connection of a member, which reads only."""

    def __init__(self, connection: ClientConnection, channel: str) -> None:
        self._connection, self._channel = connection, channel

    async def longest_read(self, seconds: float) -> float:
        """Read a page of a channel's history again and again for this time; return the seconds of the slowest."""
        end, longest = time.monotonic() + seconds, 0.0
        while (began := time.monotonic()) < end:
            await self._connection.history(self._channel, limit=5)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(_PAUSE_SECONDS)
        return longest


@asynccontextmanager
async def reader(stage: Stage) -> AsyncIterator[Reader]:
    """Connect to the first node as a member."""
    async with (
        Client(stage.a.url, token=stage.crowd.members[0].login.token) as client,
        client.listen() as connection,
    ):
        yield Reader(connection, stage.crowd.channels[0])
