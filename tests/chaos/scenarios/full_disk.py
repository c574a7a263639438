"""The disk with the database and the files of messages is full for some seconds."""

from __future__ import annotations

import asyncio

from tests.chaos.full_disk import fill, small_disk
from tests.chaos.reading import reader
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.support.site import Site

SECONDS = 10.0
PAUSE_SECONDS = 5.0


async def fault(stage: Stage) -> None:
    stage.concern_everybody()
    async with reader(stage) as member:
        ballast = await asyncio.to_thread(fill, stage.cluster.data)
        try:
            stage.add("longest read", await member.longest_read(SECONDS), "s", 1.0)
        finally:
            ballast.unlink()


async def check(stage: Stage) -> None:
    """Compare the files with the table, twice, because an upload is incomplete in one of the comparisons at most."""
    first = await asyncio.to_thread(_leftovers, stage.a)
    await stage.last(PAUSE_SECONDS)
    left = first & await asyncio.to_thread(_leftovers, stage.a)
    stage.add("files without a row, or rows without a file", len(left), "", 0)


def _leftovers(site: Site) -> set[str]:
    report = site.manage("attachments", "--dry-run")
    return {line for line in report.splitlines() if line.startswith(("Without a file:", "Without a row:"))}


SCENARIO = Scenario("full-disk", "the disk is full", fault, check=check, around=small_disk, database="sqlite", nodes=1)
