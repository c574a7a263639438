"""A node has no file descriptors left. Its members go on; others are refused until there are some again."""

from __future__ import annotations

import asyncio
import resource
import time
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage

SECONDS = 20.0
_ATTEMPTS_A_SECOND = 5


async def fault(stage: Stage) -> None:
    """Lower the limit of the running node to what it has open, and let newcomers try to connect to it meanwhile."""
    before = resource.prlimit(stage.b.pid, resource.RLIMIT_NOFILE)
    opened = await asyncio.to_thread(_highest_descriptor, stage.b.pid) + 1
    newcomers = asyncio.create_task(_newcomers(stage))
    # The highest number counts, so a descriptor that is free below it may still be taken.
    resource.prlimit(stage.b.pid, resource.RLIMIT_NOFILE, (opened, before[1]))
    try:
        await newcomers
    finally:
        resource.prlimit(stage.b.pid, resource.RLIMIT_NOFILE, before)


def _highest_descriptor(pid: int) -> int:
    return max(int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir())


async def _newcomers(stage: Stage) -> None:
    admitted, end = [], time.monotonic() + SECONDS
    refused = 0
    while time.monotonic() < end:
        try:
            async with asyncio.timeout(1):
                admitted.append(await connect(stage.b.acc, proxy=None))
        except (OSError, TimeoutError, WebSocketException):
            refused += 1
        await asyncio.sleep(1 / _ATTEMPTS_A_SECOND)
    stage.add("newcomers refused", refused)
    stage.add("newcomers admitted", len(admitted))
    if not refused:
        stage.fail("no newcomer was refused, so descriptors were left")
    await asyncio.gather(*(client.close() for client in admitted), return_exceptions=True)


async def check(stage: Stage) -> None:
    """Connect to the node, which has descriptors again."""
    began = time.monotonic()
    async with asyncio.timeout(30), connect(stage.b.acc, proxy=None) as client:
        await client.send('{"seq": "1", "cmd": "ping"}')
        await client.recv()
    stage.add("a newcomer waits afterwards", time.monotonic() - began, "s", 2.0)


SCENARIO = Scenario(
    "no-descriptors", "a node has no file descriptors left", fault, Criteria(recovery_seconds=15), check=check
)
