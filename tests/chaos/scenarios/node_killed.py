"""A node is killed while its members send."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage

AWAY_SECONDS = 5.0


async def fault(stage: Stage) -> None:
    stage.concern(stage.members_at(stage.b))
    await asyncio.to_thread(stage.b.kill)
    await stage.last(AWAY_SECONDS)
    await asyncio.to_thread(stage.b.start)


SCENARIO = Scenario("node-killed", "kill -9 of a node in a burst", fault, pause=0.1)
