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
            yield RedisActivity(here.redis, "here"), RedisActivity(there.redis, "there")


async def until_active(activity: Activity, *users: int) -> None:
    """Wait until exactly these users are active."""

    async def agrees() -> bool:
        return await activity.filter_active([ALICE, BOB]) == set(users)

    await wait_until_agreed(agrees)


async def test_alice_is_active_until_she_looks_away(nodes: tuple[Activity, Activity]) -> None:
    here, there = nodes
    here.record(ALICE, "page", is_active=True)
    assert await here.filter_active([ALICE, BOB]) == {ALICE}
    await until_active(there, ALICE)
    here.record(BOB, "page", is_active=True)
    here.record(ALICE, "page", is_active=False)
    assert await here.filter_active([ALICE, BOB]) == {BOB}
    await until_active(there, BOB)


async def test_a_hidden_page_leaves_the_other_pages_of_its_user_active(nodes: tuple[Activity, Activity]) -> None:
    here, there = nodes
    here.record(ALICE, "tab", is_active=True)
    here.record(ALICE, "other tab", is_active=True)
    there.record(ALICE, "phone", is_active=True)
    here.record(ALICE, "other tab", is_active=False)
    assert await here.filter_active([ALICE]) == {ALICE}
    here.record(ALICE, "tab", is_active=False)
    # An ordered later report proves that the earlier ones have reached the other node.
    here.record(BOB, "page", is_active=True)
    await until_active(there, ALICE, BOB)
    await until_active(here, ALICE, BOB)
    there.record(ALICE, "phone", is_active=False)
    await until_active(here, BOB)
    await until_active(there, BOB)


async def test_activity_ends_by_itself(nodes: tuple[Activity, Activity], settings: Settings) -> None:
    settings.IM_PUSH_ACTIVE_SECONDS = 0.1
    here, there = nodes
    for user in (ALICE, BOB):
        here.record(user, "page", is_active=True)
    await until_active(here)
    await until_active(there)
