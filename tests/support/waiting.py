"""Waiting for a condition that nothing announces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TIMEOUT_SECONDS = 30.0
"""Seconds after which what is awaited counts as missing. Generous: a busy machine must not fail a test."""


async def wait_until(condition: Callable[[], bool]) -> None:
    """Let others run until the condition holds. Raises TimeoutError if it never does."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not (met := condition()):  # noqa: ASYNC110  the code under test has no event for it
            await asyncio.sleep(0.001)
    # Which is true whatever it would say.
    assert not asyncio.iscoroutine(met), "a condition is a plain function"
