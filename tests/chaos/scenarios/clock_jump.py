"""The clock of a node jumps by an hour, forward and back, while the node runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.plants.clock_file import shift_file
from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage
from tests.support.cluster import Cluster

SECONDS = 8.0
JUMPS = (3600, -3600, 0)
SETTINGS = "tests.chaos.plants.clock_settings"
_AHEAD = f"""
from chat.models import Message
from delivery.log import now_ms
print(Message.objects.filter(time__gt=now_ms() + {JUMPS[0]} * 500).count())
"""


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    """Start the second node with a clock that can be shifted."""
    cluster.nodes[1].options |= {"DJANGO_SETTINGS_MODULE": SETTINGS}
    yield


async def fault(stage: Stage) -> None:
    for jump in JUMPS:
        shift_file(stage.b.data).write_text(str(jump))
        await stage.last(SECONDS)
        if jump > 0:
            stage.add("messages of the future", float((await asyncio.to_thread(stage.shell, _AHEAD)).strip()))
    if stage.figures["messages of the future"] == "0":
        stage.fail("the clock has not jumped")


SCENARIO = Scenario("clock-jump", "the clock of a node jumps by an hour", fault, Criteria(refusals=0), around=around)
