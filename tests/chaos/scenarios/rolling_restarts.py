"""Nodes are told to stop and started again, one after the other."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage

RESTARTS = 20
LONGEST_WAIT_SECONDS = 15.0
_BETWEEN_SECONDS = 0.5


def restarts(count: int) -> Scenario:
    """Return the scenario with this many restarts."""

    async def fault(stage: Stage) -> None:
        stage.concern_everybody()
        for number in range(count):
            await asyncio.to_thread(stage.cluster.nodes[number % 2].restart)
            await stage.last(_BETWEEN_SECONDS)
        slowest = stage.crowd.longest_wait(0, {member.login.name for member in stage.concerned})
        stage.add("longest wait in a restart", slowest, "s", LONGEST_WAIT_SECONDS)

    return Scenario("rolling-restarts", f"SIGTERM to node after node, {count} times", fault)


SCENARIO = restarts(RESTARTS)
