"""Redis stops to answer while its connections stay open."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.scenarios.redis_killed import BY_LOG_SECONDS
from tests.chaos.stage import Stage
from tests.support.monitoring import metrics
from tests.support.site import Site

FROZEN_SECONDS = 30.0
_STALL_BUCKET = 'imsite_loop_lag_seconds_bucket{le="1.0"}'


def _stalls(node: Site) -> float:
    """Return how often the node's event loop was blocked for more than a second."""
    values = metrics(node.url)
    return values["imsite_loop_lag_seconds_count"] - values[_STALL_BUCKET]


async def fault(stage: Stage) -> None:
    before = [await asyncio.to_thread(_stalls, node) for node in stage.cluster.nodes]
    stage.redis.freeze()
    await stage.last(FROZEN_SECONDS)
    stage.redis.thaw()
    after = [await asyncio.to_thread(_stalls, node) for node in stage.cluster.nodes]
    stage.add("stalls of an event loop", sum(after) - sum(before), limit=0)


SCENARIO = Scenario(
    "redis-frozen",
    "Redis does not answer for 30 s",
    fault,
    Criteria(others_seconds=BY_LOG_SECONDS, refusals=0),
)
