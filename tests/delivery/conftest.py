"""Fixtures for the hub: a log in memory with the two methods that the hub calls, and the codec of the listeners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.conf import Settings
from django.db import OperationalError
from redis.asyncio import Redis

from delivery import log, lost_positions, metrics
from delivery.cluster import presence_queries, redis_client, redis_nodes, redis_presence
from delivery.hub.hub import Hub
from delivery.log import Entry
from delivery.lost_positions import Lost
from tests.support import machine
from tests.support.listener import register_codec
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_SECONDS


class MemoryLog:
    """Holds committed entries. `append` assigns positions; `broken` makes it unreadable."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.position = 0
        self.broken = False
        self.reads = 0
        self.lost: list[Lost] = []

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
    monkeypatch.setattr(lost_positions, "read_lost_ranges", lambda: list(made.lost))
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
def patient_redis_clients(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nodes wait for an answer of Redis for as long as a busy machine may take, or for the seconds in `param`."""
    seconds = getattr(request, "param", TIMEOUT_SECONDS)
    for module in (redis_client, redis_presence, presence_queries):
        monkeypatch.setattr(module, "REDIS_TIMEOUT_SECONDS", seconds)


@pytest.fixture
def cluster_timing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let leases lapse when a test says so, nodes notice it soon, and users count as gone almost at once."""
    settings.IM_PRESENCE_GRACE_SECONDS = 0.01
    settings.IM_NODE_LEASE_SECONDS = 600.0
    monkeypatch.setattr(redis_nodes, "MAX_REFRESH_INTERVAL_SECONDS", 0.3)


@pytest.fixture
def redis_server(tmp_path: Path, patient_redis_clients: None) -> Iterator[RedisServer]:
    """Return an empty Redis for this test."""
    if "Redis" in machine.missing():
        pytest.skip("Redis is missing on this machine")
    with RedisServer(tmp_path) as running:
        yield running
