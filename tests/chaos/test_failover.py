"""PostgreSQL and Redis fail over to their replicas under load: nothing is lost, repeated or refused for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.scenario import Scenario, run
from tests.chaos.scenarios import replica_promoted, sentinel_failover
from tests.chaos.stage import Stage
from tests.support import machine
from tests.support.cluster import Cluster
from tests.support.fixtures.sites import SiteFactory


@asynccontextmanager
async def _around(cluster: Cluster) -> AsyncIterator[None]:
    async with replica_promoted.around(cluster), sentinel_failover.around(cluster):
        yield


async def _fail_over(stage: Stage) -> None:
    await sentinel_failover.fault(stage)
    refusals = stage.crowd.refusals
    assert not refusals, f"{refusals} sends were refused without Redis"
    await replica_promoted.fault(stage)


@pytest.mark.postgres
async def test_both_fail_over_under_load(site_factory: SiteFactory) -> None:
    if {"Redis", "PostgreSQL"} & machine.missing().keys():
        pytest.skip("Redis or PostgreSQL is missing on this machine")

    outcome = await run(Scenario("failover", "", _fail_over, around=_around, size=6), site_factory)

    assert outcome.verdict.faults == {}
    assert outcome.recovery_seconds is not None, "not all came back"
    assert outcome.verdict.acknowledged
