"""The time zones that this machine knows."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def known_time_zones() -> frozenset[str]:
    """Return the names of all time zones. They are read once, because `zoneinfo` opens hundreds of files each time."""
    return frozenset(available_timezones())
