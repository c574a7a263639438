"""Every scenario of `make loadtest` runs, and its oracle finds no fault. Times are not judged here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.load.pressure.million import measure
from tests.load.pressure.scenario import Scenario
from tests.load.pressure.scenarios import QUICK
from tests.load.pressure.target import RELAXED, Target, started_site
from tests.support.fixtures.sites import SiteFactory

pytestmark = [pytest.mark.sqlite, pytest.mark.slow]


@pytest.fixture(scope="module")
def target(site_factory: SiteFactory) -> Iterator[Target]:
    with site_factory(**RELAXED) as site, started_site(site, max(scenario.accounts for scenario in QUICK)) as target:
        yield target


@pytest.mark.parametrize("scenario", QUICK, ids=lambda scenario: scenario.name)
def test_all_messages_arrive_once_and_in_order(scenario: Scenario, target: Target) -> None:
    result = scenario.run(target, quiet=True)

    assert result.is_good, (*result.verdicts, *result.faults)
    assert result.figures


def test_held_connections_answer_heartbeats_and_get_the_broadcast(target: Target) -> None:
    assert target.site is not None

    result = measure([target.site], 120, hold_seconds=0.5, heartbeat_seconds=0.5)

    names = "connections held", "reached by the broadcast", "reached more than once", "lost"
    assert [result[name] for name in names] == [120, 120, 0, 0]
    assert result["heartbeats answered"]
