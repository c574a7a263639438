"""Measures whether members can read while nobody can write."""

from __future__ import annotations

import asyncio
import time

from imsite.client import Client
from tests.chaos.stage import Stage

_PAUSE_SECONDS = 0.5


async def longest_read(stage: Stage, seconds: float) -> float:
    """Read a page of a channel by the REST API again and again for this time; return the seconds of the slowest."""
    end, longest = time.monotonic() + seconds, 0.0
    async with Client(stage.a.url, token=stage.crowd.members[0].login.token, retry_seconds=0) as reader:
        while (began := time.monotonic()) < end:
            await reader.history(stage.crowd.channels[0], limit=5)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(_PAUSE_SECONDS)
    return longest
