"""All scenarios, at full size and at the size of a quick look."""

from __future__ import annotations

from collections.abc import Sequence

from tests.load.pressure.scenario import Scenario
from tests.load.pressure.scenarios.hot_channel import HotChannel

FULL: Sequence[Scenario] = (
    HotChannel(),
    HotChannel(batch=True, rate=3000, deliveries_goal=1_500_000),
)
QUICK: Sequence[Scenario] = (
    HotChannel(members=20, senders=5, rate=200, seconds=1),
    HotChannel(members=20, senders=5, rate=200, seconds=1, batch=True),
)
