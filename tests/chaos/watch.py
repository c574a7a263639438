"""Watches the memory and the log of each node during a scenario."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from tests.load.measurements import resident_bytes
from tests.support.site import Site

MIB = 1 << 20
_SAMPLE_SECONDS = 0.5
_MINUTE_SECONDS = 60.0
_LINE = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+Z) \[\w+ *\] (\S+)", re.MULTILINE)


class NodeWatch:
    """One node: the growth of its memory since `begin`, and its log lines since then, across restarts."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._log_start = 0
        self._before = self._most = 0

    def begin(self) -> None:
        self._before = self._most = resident_bytes(self._site.pid)
        self._log_start = self._site.log.stat().st_size

    def sample(self) -> None:
        """Read the memory, if the node runs."""
        try:
            self._most = max(self._most, resident_bytes(self._site.pid))
        except (AssertionError, OSError):
            """It is being restarted."""

    @property
    def growth_mib(self) -> float:
        return (self._most - self._before) / MIB

    def new_log(self) -> str:
        """Return what the node has logged since `begin`."""
        with self._site.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def lines_a_minute(self) -> tuple[int, str]:
        """Return the most lines of one kind within a minute, and that kind."""
        return most_in_a_minute(self.new_log())


def most_in_a_minute(log: str) -> tuple[int, str]:
    """Return the most lines of one kind within any minute of a log, and that kind."""
    times: dict[str, list[float]] = defaultdict(list)
    for stamp, kind in _LINE.findall(log):
        times[kind].append(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp())
    most = [
        (max(place + 1 - bisect_left(moments, moment - _MINUTE_SECONDS) for place, moment in enumerate(moments)), kind)
        for kind, moments in times.items()
    ]
    return max(most, default=(0, ""))


async def sample_memory(watches: Sequence[NodeWatch]) -> None:
    """Sample all nodes until cancelled."""
    while True:
        for watch in watches:
            watch.sample()
        await asyncio.sleep(_SAMPLE_SECONDS)
