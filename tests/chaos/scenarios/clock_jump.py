"""The clock of a node jumps by an hour, forward and back. libfaketime shifts it while the node runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage
from tests.support.cluster import Cluster

SECONDS = 8.0
JUMPS = ("+3600", "-3600", "+0")
_LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
)


def _library() -> str:
    for path in _LIBRARIES:
        if Path(path).exists():
            return path
    raise RuntimeError("This scenario needs libfaketime (apt install faketime).")


def _shift_file(cluster: Cluster) -> Path:
    return cluster.data / "clock"


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    """Start the second node with a clock that follows a file."""
    library = _library()
    _shift_file(cluster).write_text("+0")
    cluster.nodes[1].options |= {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(_shift_file(cluster)),
        "FAKETIME_NO_CACHE": "1",
        # Only the wall clock jumps.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    yield


async def fault(stage: Stage) -> None:
    for jump in JUMPS:
        _shift_file(stage.cluster).write_text(jump)
        await stage.last(SECONDS)


SCENARIO = Scenario("clock-jump", "the clock of a node jumps by an hour", fault, Criteria(refusals=0), around=around)
