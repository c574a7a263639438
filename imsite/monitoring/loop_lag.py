"""Measures the event loop's lag, which delays every client of the process."""

from __future__ import annotations

import asyncio

from delivery.metrics import LOOP_LAG

INTERVAL_SECONDS = 0.1


async def measure_loop_lag() -> None:
    """Record, until cancelled, how late a timer fires."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + INTERVAL_SECONDS
        await asyncio.sleep(INTERVAL_SECONDS)
        LOOP_LAG.observe(max(0.0, clock() - due))
