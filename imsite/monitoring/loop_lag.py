"""Measures the event loop's lag, which delays every client of the process."""

from __future__ import annotations

import asyncio
import time

from delivery.metrics import LOOP_LAG

INTERVAL_SECONDS = 0.1
IDLE_INTERVAL_SECONDS = 1.0
"""Interval while the loop is idle. Ten timers a second would be half of what an idle node costs."""
IDLE_SHARE = 0.01
"""Share of the time below which the loop's thread counts as idle."""


async def measure_loop_lag() -> None:
    """Record, until cancelled, how late a timer fires."""
    clock = asyncio.get_running_loop().time
    interval, used = INTERVAL_SECONDS, time.thread_time()
    while True:
        due = clock() + interval
        await asyncio.sleep(interval)
        LOOP_LAG.observe(max(0.0, clock() - due))
        before, used = used, time.thread_time()
        interval = IDLE_INTERVAL_SECONDS if used - before < IDLE_SHARE * interval else INTERVAL_SECONDS
