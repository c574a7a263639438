"""Redis answers and takes no writes: as a replica after a failover, and when its memory is used up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import redis

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.scenarios.redis_killed import BY_LOG_SECONDS
from tests.chaos.stage import Stage
from tests.support.cluster import Node
from tests.support.monitoring import get, metrics
from tests.support.ports import free_port

LASTING_SECONDS = 15.0
LEASE_SECONDS = 15.0
NOTICE_SECONDS = 5.0
"""Until readiness and metrics tell of the outage."""


def _ready(node: Node) -> dict[str, object]:
    answer: dict[str, object] = json.loads(get(f"{node.url}/readyz").text)
    return answer


def _tells(node: Node) -> bool:
    return _ready(node)["redis"] != "ok" and metrics(node.url)["imsite_redis_away"] == 1


def _online(node: Node) -> set[str]:
    answer = json.loads(get(f"{node.url}/user/list?appID=101").text)
    return set(answer["data"]["userList"])


async def _seconds_until(condition: Callable[[], bool], patience: float) -> float:
    """Return the seconds until the condition holds, and those waited if it does not."""
    began = time.monotonic()
    while not await asyncio.to_thread(condition) and time.monotonic() - began < patience:  # noqa: ASYNC110  nothing tells
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def without_writes(
    begin: Callable[[redis.Redis], object], end: Callable[[redis.Redis], object]
) -> Callable[[Stage], Awaitable[None]]:
    """Return the fault that these two functions begin and end."""

    async def fault(stage: Stage) -> None:
        with redis.Redis.from_url(stage.redis.url) as operator:
            await asyncio.to_thread(begin, operator)
            for node in stage.cluster.nodes:
                seconds = await _seconds_until(lambda node=node: _tells(node), 2 * NOTICE_SECONDS)  # type: ignore[misc]
                stage.add(f"{node.name} tells of it", seconds, "s", NOTICE_SECONDS)
                if not (await asyncio.to_thread(_ready, node))["ready"]:
                    stage.fail(f"{node.name} is not ready")
            await stage.last(LASTING_SECONDS)
            await asyncio.to_thread(end, operator)

    return fault


async def presence_is_right(stage: Stage) -> None:
    """Measure the seconds until both nodes list all members as online."""
    names = {member.login.name for member in stage.crowd.members}
    for node in stage.cluster.nodes:
        seconds = await _seconds_until(lambda node=node: names <= _online(node), 2 * LEASE_SECONDS)  # type: ignore[misc]
        stage.add(f"presence right on {node.name}", seconds, "s", LEASE_SECONDS)


def _become_replica(operator: redis.Redis) -> None:
    """Follow a master that does not exist: Redis answers reads of the data that it has."""
    operator.config_set("replica-serve-stale-data", "yes")
    operator.replicaof("127.0.0.1", str(free_port()))


def _become_master(operator: redis.Redis) -> None:
    operator.replicaof("NO", "ONE")


CRITERIA = Criteria(others_seconds=BY_LOG_SECONDS, refusals=0)
SCENARIOS = (
    Scenario(
        "redis-read-only",
        "Redis is a replica after a failover",
        without_writes(_become_replica, _become_master),
        CRITERIA,
        presence_is_right,
    ),
    Scenario(
        "redis-out-of-memory",
        "Redis has reached maxmemory",
        without_writes(
            lambda operator: operator.config_set("maxmemory", "1"),
            lambda operator: operator.config_set("maxmemory", "0"),
        ),
        CRITERIA,
        presence_is_right,
    ),
)
