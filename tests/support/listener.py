"""A connection of a hub whose frames are collected, without a socket or a protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from delivery.hub.connection import Connection
from delivery.hub.encoders import encoders
from delivery.hub.hub import Hub
from delivery.hub.outbox import Frame, Ticker
from delivery.log import Entry, MembershipInterval
from tests.support.eventually import PATIENCE

CODEC = "plain"


def plain(entry: Entry) -> str:
    """What a listener gets of an entry: `<kind>@<position>`."""
    return f"{entry.kind}@{entry.position}"


class Listener:
    """Collects what leaves by one connection, and how it was closed."""

    def __init__(self, ticker: Ticker) -> None:
        self.frames: list[Frame] = []
        self.closings: list[int] = []
        self.connection = Connection(codec=CODEC, address="", ticker=ticker, end=self._end)
        self._news = asyncio.Event()

    async def _write(self, frames: list[Frame]) -> None:
        self.frames += frames
        self._news.set()

    def _end(self, code: int, reason: str) -> None:
        self.closings.append(code)
        self._news.set()

    async def until(self, *last: Frame) -> list[Frame]:
        """Wait until these are the last frames that came; returns all."""
        async with asyncio.timeout(PATIENCE):
            while tuple(self.frames[-len(last) :]) != last:
                self._news.clear()
                await self._news.wait()
        return self.frames

    async def closed(self) -> int:
        async with asyncio.timeout(PATIENCE):
            while not self.closings:
                self._news.clear()
                await self._news.wait()
        return self.closings[0]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Listener]:
        """Let frames leave for the time of the block."""
        task = asyncio.create_task(self.connection.outbox.run(self._write))
        try:
            yield self
        finally:
            self.connection.outbox.stop()
            await task


@asynccontextmanager
async def listening(
    hub: Hub,
    person: int,
    *stays: MembershipInterval,
    app: int = 101,
    channels: Sequence[int] = (),
    credential: str = "",
) -> AsyncIterator[Listener]:
    """`person`, logged in on the hub, with these stays in channels."""
    listener = Listener(hub.ticker)
    connection = listener.connection
    connection.person, connection.name, connection.app = person, f"person {person}", app
    connection.channels, connection.credential = tuple(channels), credential
    hub.add(connection)
    async with listener.writing():
        number = connection.open_reply()
        await hub.attach(connection, number, lambda: stays)
        connection.reply(number, None)
        try:
            yield listener
        finally:
            hub.remove(connection)


def register_codec() -> None:
    """Let hubs encode for listeners."""
    encoders[CODEC] = plain


def assert_forgotten(hub: Hub) -> None:
    """No person, audience or connection is left in the hub's memory."""
    assert (hub.connections, hub.audience.persons, hub.audience.channels, hub._pending) == ({}, {}, {}, {})
