"""Redis is killed, and returns without its data."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage

AWAY_SECONDS = 20.0
BY_LOG_SECONDS = 2.5
"""Without Redis a node learns from the event log of what others have stored, which it reads each second."""


async def fault(stage: Stage) -> None:
    await asyncio.to_thread(stage.redis.kill)
    await stage.last(AWAY_SECONDS)
    await asyncio.to_thread(stage.redis.start)


SCENARIO = Scenario(
    "redis-killed",
    "Redis is killed and comes back empty",
    fault,
    Criteria(others_seconds=BY_LOG_SECONDS, refusals=0),
)
