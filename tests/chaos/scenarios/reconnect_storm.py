"""Thousands of users of a killed node come back to it at the same instant, before it has read anything."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage
from tests.load.pressure.connection import Login
from tests.load.pressure.crew import Crew

USERS = 5000
BACK_SECONDS = 15.0
_PROCESSES = 2


def storm_of(users: int) -> Scenario:
    """Return the scenario with this many users."""

    async def fault(stage: Stage) -> None:
        stage.concern(stage.members_at(stage.b))
        names = await asyncio.to_thread(stage.accounts, users)
        logins = [Login(account.name, account.token) for account in names]
        with Crew("127.0.0.1", [stage.b.port], _PROCESSES, quiet=True) as storm:
            await asyncio.to_thread(storm.connect, logins)
            await asyncio.to_thread(storm.settle)
            await asyncio.to_thread(stage.b.kill)
            await asyncio.to_thread(stage.b.start)
            parts = await asyncio.to_thread(storm.call, "return_together", at_a_time=users)
            seconds = sorted(second for part in parts for second in part)
            stage.add("users back", len(seconds))
            stage.add("the last of them back", seconds[-1], "s", BACK_SECONDS)
            stage.add("half of them back", seconds[len(seconds) // 2], "s")

    return Scenario(
        "reconnect-storm",
        f"{users} users come back at once to a node that was killed",
        fault,
        # Memory for the connections themselves.
        Criteria(memory_mib=50 + users * 0.03),
    )


SCENARIO = storm_of(USERS)
