"""Two nodes behind a PgBouncer in transaction mode lose nothing, and recover when it is started again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.scenario import run
from tests.chaos.scenarios import pgbouncer_killed
from tests.support import machine
from tests.support.fixtures.sites import SiteFactory


@pytest.mark.postgres
async def test_a_killed_pooler_loses_nothing(site_factory: SiteFactory) -> None:
    if {"Redis", "PostgreSQL", "PgBouncer"} & machine.missing().keys():
        pytest.skip("Redis, PostgreSQL or PgBouncer is missing on this machine")

    outcome = await run(replace(pgbouncer_killed.SCENARIO, size=6), site_factory)

    assert outcome.verdict.faults == {}
    assert outcome.recovery_seconds is not None, "not all came back"
    assert outcome.verdict.acknowledged
    assert 0 < float(outcome.figures["connections to PostgreSQL"]) <= pgbouncer_killed.POOL_SIZE
