"""Idle users cost work on their own node only."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import redis

from tests.support.client import Client
from tests.support.cluster import Cluster

PEOPLE = 50
HEARTBEATS = 50


def _commands(cluster: Cluster) -> int:
    """Return how many commands the cluster's Redis has executed, including those in scripts."""
    with redis.Redis.from_url(cluster.redis.url) as client:
        stats = cast(dict[str, dict[str, Any]], client.info("commandstats"))
        return sum(int(one["calls"]) for one in stats.values())


async def test_heartbeats_cost_no_redis_commands(cluster: Cluster) -> None:
    people = [await Client.connect(cluster.nodes[number % 2].acc) for number in range(PEOPLE)]
    for number, one in enumerate(people):
        await one.login_guest(f"Guest{number}")

    async def beat(one: Client, times: int = HEARTBEATS) -> None:
        for _ in range(times):
            await one.call("heartbeat")

    await asyncio.gather(*(beat(one, 1) for one in people))
    before = await asyncio.to_thread(_commands, cluster)
    await asyncio.gather(*map(beat, people))
    commands = await asyncio.to_thread(_commands, cluster) - before

    # The nodes renew their leases meanwhile.
    assert commands < PEOPLE * HEARTBEATS / 20, commands
    for one in people:
        await one.close()
