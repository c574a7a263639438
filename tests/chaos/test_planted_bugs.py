"""The oracle of the chaos suite finds each bug that is planted in a node, and nothing while nodes and Redis die."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.planted_bugs import is_seen, planted
from tests.chaos.plants import marks
from tests.chaos.scenario import Scenario, run_on, running_cluster
from tests.chaos.stage import Stage
from tests.support.fixtures.sites import SiteFactory
from tests.support.waiting import wait_until

AWAY_SECONDS = 1.0


async def _kill_node_and_redis(stage: Stage) -> None:
    stage.concern_everybody()
    for server in (stage.b, stage.redis):
        await asyncio.to_thread(server.kill)
        await stage.last(AWAY_SECONDS)
        await asyncio.to_thread(server.start)
    sent = len(stage.crowd.uploader.files)
    await wait_until(lambda: len(stage.crowd.uploader.files) > sent)


@pytest.mark.postgres
async def test_the_oracle_finds_each_planted_bug_and_no_other(site_factory: SiteFactory) -> None:
    async with running_cluster(planted(""), site_factory) as (cluster, shared_site):
        for bug in marks.BUGS:
            outcome = await run_on(planted(bug), cluster, shared_site)
            assert is_seen(bug, outcome), (bug, outcome)

        deaths = await run_on(Scenario("deaths", "", _kill_node_and_redis, size=6), cluster, shared_site)

        assert deaths.verdict.faults == {}
        assert deaths.recovery_seconds is not None, "not all came back"
