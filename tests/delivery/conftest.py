"""Fixtures for the hub: a log in memory with the two methods that the hub calls, and the codec of the listeners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.conf import Settings
from django.db import OperationalError
from redis.asyncio import Redis

from delivery import log, metrics
from delivery.hub.hub import Hub
from delivery.log import Entry
from tests.support import machine
from tests.support.listener import register_codec
from tests.support.redis import RedisServer


class MemoryLog:
    """Holds committed entries. `append` assigns positions; `broken` makes it unreadable."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.position = 0
        self.broken = False
        self.reads = 0

    def append(self, *entries: Entry) -> list[Entry]:
        for entry in entries:
            self.position += 1
            entry.position = self.position
            self.entries.append(entry)
        return list(entries)

    def head(self) -> int:
        self.reads += 1
        if self.broken:
            raise OperationalError("unreadable")
        return self.position

    def read(self, after: int, limit: int) -> list[Entry]:
        return [entry for entry in self.entries if entry.position > after][:limit]


@pytest.fixture
def memory_log(monkeypatch: pytest.MonkeyPatch) -> MemoryLog:
    register_codec()
    made = MemoryLog()
    monkeypatch.setattr(log, "head", made.head)
    monkeypatch.setattr(log, "read", made.read)
    return made


def is_database_away() -> bool:
    """Return whether a hub of this process reports that it cannot read the log."""
    return bool(metrics.DATABASE_AWAY.collect()[0].samples[0].value)


@pytest_asyncio.fixture
async def hub(memory_log: MemoryLog, settings: Settings) -> AsyncIterator[Hub]:
    """Return a hub that follows the log in memory."""
    settings.IM_EVENT_LOG_POLL_INTERVAL = 0.05
    settings.IM_OUTBOX_WINDOW_SECONDS = 0.001
    made = Hub()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Return an empty Redis for this test."""
    if "Redis" in machine.missing():
        pytest.skip("Redis is missing on this machine")
    with RedisServer(tmp_path) as running:
        yield running
