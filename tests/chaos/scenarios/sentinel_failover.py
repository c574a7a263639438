"""The master that the Sentinels name is killed or frozen under load, and its replica promoted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.scenarios.redis_killed import BY_LOG_SECONDS
from tests.chaos.stage import Stage
from tests.support.cluster import Cluster
from tests.support.monitoring import metrics
from tests.support.sentinels import SentinelGroup, wait_blocking
from tests.support.site import Site

FOLLOW_SECONDS = 3.0
"""Seconds in which a node finds the new master: its registry looks for Redis twice a second, and a probe takes half."""
SETTLE_SECONDS = 3.0
"""Seconds until the layer has its groups again."""
FROZEN_SECONDS = 10.0
_groups: list[SentinelGroup] = []


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    group = SentinelGroup(cluster.data / "sentinels")
    await asyncio.to_thread(group.start)
    try:
        _groups[:] = [group]
        for node in cluster.nodes:
            node.options["REDIS_URL"] = group.url
        yield
    finally:
        group.stop()


def _wait_for_outage(nodes: Sequence[Site]) -> None:
    """Block until all nodes have missed Redis. By their logs: on a busy machine, one may be back before another."""
    wait_blocking(lambda: all("redis_unreachable" in node.log.read_text() for node in nodes))


def _wait_for_redis(nodes: Sequence[Site]) -> None:
    """Block until all nodes use Redis."""
    wait_blocking(lambda: not any(metrics(node.url)["imsite_redis_away"] for node in nodes))


async def fault(stage: Stage) -> None:
    [group] = _groups
    nodes = stage.cluster.nodes
    failed = group.master
    failing = asyncio.create_task(asyncio.to_thread(group.fail_over))
    await asyncio.to_thread(_wait_for_outage, nodes)
    stage.add("failover by the Sentinels", await failing, "s")
    promoted_at = time.monotonic()
    await asyncio.to_thread(_wait_for_redis, nodes)
    stage.add("until the nodes followed", time.monotonic() - promoted_at, "s", limit=FOLLOW_SECONDS)
    # The Sentinels make it the replica of the new master.
    await asyncio.to_thread(failed.start)


async def freeze(stage: Stage) -> None:
    [group] = _groups
    nodes = stage.cluster.nodes
    frozen = group.master
    frozen.freeze()
    await asyncio.to_thread(_wait_for_outage, nodes)
    await asyncio.to_thread(wait_blocking, lambda: group.master is not frozen)
    await asyncio.to_thread(_wait_for_redis, nodes)
    await stage.last(SETTLE_SECONDS)
    before = await asyncio.to_thread(_caught_up, nodes)
    await stage.last(FROZEN_SECONDS)
    stage.add("events read from the log afterwards", await asyncio.to_thread(_caught_up, nodes) - before, limit=0)
    frozen.thaw()
    await stage.last(SETTLE_SECONDS)


def _caught_up(nodes: Sequence[Site]) -> float:
    """Return the number of events that nodes have read from the log, because the layer did not bring them."""
    return sum(metrics(node.url)["imsite_log_catchup_events_total"] for node in nodes)


SCENARIOS = [
    Scenario(
        "sentinel-failover",
        "Redis's master is killed and the Sentinels promote its replica",
        fault,
        Criteria(others_seconds=BY_LOG_SECONDS, refusals=0),
        around=around,
    ),
    Scenario(
        "sentinel-frozen",
        "Redis's master freezes and the Sentinels promote its replica",
        freeze,
        Criteria(others_seconds=BY_LOG_SECONDS, refusals=0),
        around=around,
    ),
]
