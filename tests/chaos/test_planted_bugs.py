"""The oracle of the chaos suite finds each bug that is planted in a node, and nothing in nodes without one."""

from __future__ import annotations

import pytest

from tests.chaos.planted_bugs import EVIDENCE, is_seen, outcomes_of_bugs
from tests.support.fixtures.sites import SiteFactory


@pytest.mark.postgres
async def test_the_oracle_finds_each_planted_bug_and_nothing_else(site_factory: SiteFactory) -> None:
    outcomes = await outcomes_of_bugs(site_factory)

    assert outcomes.keys() == {"", *EVIDENCE}
    assert {bug: outcome.verdict.faults for bug, outcome in outcomes.items() if not is_seen(bug, outcome)} == {}
