"""A connection of a hub whose frames are collected, without a socket or a protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from delivery.hub.connection import Connection
from delivery.hub.encoders import encoders
from delivery.hub.hub import Hub
from delivery.hub.segments import Frame
from delivery.hub.ticker import Ticker
from delivery.log import Entry, MembershipInterval
from tests.support.waiting import TIMEOUT_SECONDS

CODEC = "plain"


def plain(entry: Entry) -> str:
    """Encode an event for listeners: `<kind>@<position>`."""
    return f"{entry.kind}@{entry.position}"


class Listener:
    """Collects the frames of one connection, and the codes that it was closed with."""

    def __init__(self, ticker: Ticker) -> None:
        self.frames: list[Frame] = []
        self.last_batch: list[Frame] = []
        self.reading = asyncio.Event()
        """While it is clear, a write waits as it does for a full socket."""
        self.reading.set()
        self.closings: list[int] = []
        self.connection = Connection(codec=CODEC, address="", ticker=ticker, on_close=self._end)
        self._news = asyncio.Event()

    def _write(self, frames: list[Frame]) -> Coroutine[Any, Any, Any] | None:
        self.frames += frames
        self.last_batch = frames
        self._news.set()
        return None if self.reading.is_set() else self.reading.wait()

    def _end(self, code: int, reason: str) -> None:
        self.closings.append(code)
        self._news.set()

    async def until(self, *last: Frame) -> list[Frame]:
        """Wait until these are the last frames; return all."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while tuple(self.frames[-len(last) :]) != last:
                self._news.clear()
                await self._news.wait()
        return self.frames

    async def closed(self) -> int:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not self.closings:
                self._news.clear()
                await self._news.wait()
        return self.closings[0]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Listener]:
        """Write frames during the block."""
        self.connection.outbox.start(self._write)
        try:
            yield self
        finally:
            self.connection.outbox.stop()


@asynccontextmanager
async def listening(
    hub: Hub,
    user_id: int,
    *memberships: MembershipInterval,
    app: int = 101,
    channels: Sequence[int] = (),
    credential: str = "",
    expires_at: float | None = None,
    only: int | None = None,
) -> AsyncIterator[Listener]:
    """Log a user with these memberships in on the hub. `only`: the one channel that the connection receives."""
    listener = Listener(hub.ticker)
    connection = listener.connection
    connection.user_id, connection.name, connection.app = user_id, f"user {user_id}", app
    connection.channels, connection.credential = tuple(channels), credential
    connection.expires_at, connection.only_channel = expires_at, only
    hub.add(connection)
    async with listener.writing():
        number = connection.open_reply()
        hub.register(connection, memberships)
        hub.attach(connection, number)
        connection.reply(number, None)
        try:
            yield listener
        finally:
            hub.remove(connection)


def register_codec() -> None:
    """Register the listeners' encoder for hubs."""
    encoders[CODEC] = plain


def assert_forgotten(hub: Hub) -> None:
    """Assert that no user, channel or connection is left in the hub's memory."""
    assert (hub.connections, hub.audience.users, hub.audience.channels, hub._received) == ({}, {}, {}, {})
