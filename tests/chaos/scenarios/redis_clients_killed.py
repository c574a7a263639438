"""Redis ends all connections of clients, again and again."""

from __future__ import annotations

import asyncio

import redis

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.scenarios.redis_killed import BY_LOG_SECONDS
from tests.chaos.scenarios.redis_without_writes import presence_is_right
from tests.chaos.stage import Stage

TIMES = 10


async def fault(stage: Stage) -> None:
    with redis.Redis.from_url(stage.redis.url) as operator:
        for _ in range(TIMES):
            for kind in ("normal", "pubsub"):
                await asyncio.to_thread(operator.execute_command, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            await stage.last(1)


SCENARIO = Scenario(
    "redis-clients-killed",
    "Redis ends all connections, ten times in ten seconds",
    fault,
    Criteria(others_seconds=BY_LOG_SECONDS, refusals=0),
    presence_is_right,
)
