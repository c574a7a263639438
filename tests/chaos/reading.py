"""Measures whether members can read while nobody can write."""

from __future__ import annotations

import asyncio
import time

from tests.chaos.stage import Stage

_PAUSE_SECONDS = 0.2


async def longest_read(stage: Stage, seconds: float) -> float:
    """Read a page of a channel's history again and again for this time; return the seconds of the slowest."""
    member, end, longest = stage.crowd.members[0], time.monotonic() + seconds, 0.0
    while (began := time.monotonic()) < end:
        await member.call("message.history", target=stage.crowd.channels[0], limit=5)
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(_PAUSE_SECONDS)
    return longest
