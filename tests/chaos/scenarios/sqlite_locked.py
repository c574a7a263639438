"""Another program locks the file of SQLite for writing. Reads go on, and nothing is acknowledged."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial

from tests.chaos.reading import reader
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage

SECONDS = (5, 30, 90)


async def _lock(stage: Stage, *, seconds: float) -> None:
    stage.concern_everybody()
    program = sqlite3.connect(
        stage.cluster.data / "imsite.sqlite3", timeout=30, isolation_level=None, check_same_thread=False
    )
    try:
        async with reader(stage) as member:
            await asyncio.to_thread(_begin, program)
            stage.add("longest read", await member.longest_read(seconds), "s", 1.0)
            program.execute("ROLLBACK")
    finally:
        program.close()


def _begin(program: sqlite3.Connection) -> None:
    program.execute("BEGIN IMMEDIATE")


SCENARIOS = [
    Scenario(
        f"sqlite-locked-{seconds}", f"another program locks SQLite for {seconds} s", partial(_lock, seconds=seconds),
        database="sqlite", nodes=1,
    )
    for seconds in SECONDS
]  # fmt: skip
