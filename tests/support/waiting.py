"""Waits for conditions that no event signals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TIMEOUT_SECONDS = 90.0
"""Seconds after which a test stops waiting. Generous, so that a busy machine does not fail a test."""


async def wait_until(condition: Callable[[], bool]) -> None:
    """Run the event loop until the condition holds. Raises TimeoutError if it never does."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not (met := condition()):  # noqa: ASYNC110  the code under test has no event for it
            await asyncio.sleep(0.001)
    # A coroutine is always true.
    assert not asyncio.iscoroutine(met), "a condition is a plain function"
