"""The two implementations of activity, in memory and in Redis, give the same answers, on every node."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings

from delivery.cluster import redis_activity
from delivery.cluster.redis_activity import RedisActivity
from delivery.presence.activity import Activity, MemoryActivity
from tests.support.cluster_members import cluster_nodes, wait_until_agreed
from tests.support.redis import RedisServer

ALICE, BOB = 1, 2


@pytest_asyncio.fixture(params=["memory", "redis"])
async def nodes(
    request: pytest.FixtureRequest, cluster_timing: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Activity, Activity]]:
    """Yield the activity of the node of a page, and that of a node which asks."""
    if request.param == "memory":
        memory = MemoryActivity()
        yield memory, memory
    else:
        monkeypatch.setattr(redis_activity, "WRITE_DELAY_SECONDS", 0.0)
        server: RedisServer = request.getfixturevalue("redis_server")
        async with cluster_nodes(server.url, "here", "there") as [here, there]:
            yield RedisActivity(here.redis), RedisActivity(there.redis)


async def until_active(activity: Activity, *users: int) -> None:
    """Wait until exactly these users are active."""

    async def agrees() -> bool:
        return await activity.filter_active([ALICE, BOB]) == set(users)

    await wait_until_agreed(agrees)


async def test_alice_is_active_until_she_looks_away(nodes: tuple[Activity, Activity]) -> None:
    here, there = nodes
    here.record(ALICE, is_active=True)
    assert await here.filter_active([ALICE, BOB]) == {ALICE}
    await until_active(there, ALICE)
    here.record(BOB, is_active=True)
    here.record(ALICE, is_active=False)
    assert await here.filter_active([ALICE, BOB]) == {BOB}
    await until_active(there, BOB)


async def test_activity_ends_by_itself(nodes: tuple[Activity, Activity], settings: Settings) -> None:
    settings.IM_PUSH_ACTIVE_SECONDS = 0.1
    here, there = nodes
    for user in (ALICE, BOB):
        here.record(user, is_active=True)
    await until_active(here)
    await until_active(there)
