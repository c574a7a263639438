"""PostgreSQL is killed while it commits. Each commit waits for 50 ms before it is flushed, so every kill meets some."""

from __future__ import annotations

import asyncio

from tests.chaos.own_postgres import own_postgres, own_server
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage

KILLS = 3
AWAY_SECONDS = 3.0
BETWEEN_SECONDS = 5.0
SLOW_COMMITS = {"commit_delay": "50000", "commit_siblings": "0"}


async def fault(stage: Stage) -> None:
    stage.concern_everybody()
    for _ in range(KILLS):
        await stage.last(BETWEEN_SECONDS)
        await asyncio.to_thread(own_server().kill)
        await stage.last(AWAY_SECONDS)
        await asyncio.to_thread(own_server().start)


SCENARIO = Scenario(
    "postgres-killed",
    "PostgreSQL is killed in commits, three times",
    fault,
    around=own_postgres(SLOW_COMMITS),
    pause=0.1,
)
