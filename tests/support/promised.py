"""Promises in seconds, such as "within five seconds", that hold on a busy machine too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.support.monitoring import get
from tests.support.site import Site

_STEP_SECONDS = 0.25


@contextlib.asynccontextmanager
async def promised(seconds: float, *sites: Site) -> AsyncIterator[None]:
    """Raise TimeoutError if the block takes longer than this many seconds of the time of these sites.

    Their time passes only while they answer: a machine that runs them later than they wish delays the end as well.
    """
    async with asyncio.timeout(None) as bound:
        loop = asyncio.get_running_loop()

        def end(passing: asyncio.Task[None]) -> None:
            if not passing.cancelled():
                bound.reschedule(loop.time())

        passing = loop.create_task(_pass(seconds, sites))
        passing.add_done_callback(end)
        try:
            yield
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)


async def _pass(seconds: float, sites: tuple[Site, ...]) -> None:
    for _ in range(round(seconds / _STEP_SECONDS)):
        await asyncio.sleep(_STEP_SECONDS)
        for site in sites:
            # A node that does not run holds nothing up.
            with contextlib.suppress(OSError):
                await asyncio.to_thread(get, f"{site.url}/healthz")
