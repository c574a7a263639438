"""How late the event loop is: what every client of this process waits for, whatever keeps it busy."""

from __future__ import annotations

import asyncio

from delivery.metrics import LOOP_LAG

INTERVAL = 0.1


async def measure() -> None:
    """Until cancelled, sleep and see how late one wakes."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + INTERVAL
        await asyncio.sleep(INTERVAL)
        LOOP_LAG.observe(max(0.0, clock() - due))
