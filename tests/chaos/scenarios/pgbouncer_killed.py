"""The site uses a PgBouncer in transaction mode with few connections, which is killed under load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.own_postgres import connect, own_postgres, own_server, use_database
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.support.cluster import Cluster
from tests.support.pgbouncer import ROLE_TIMEOUTS, PgBouncer

POOL_SIZE = 4
"""Connections to PostgreSQL, for two nodes that may each open 23 to PgBouncer."""
BEFORE_SECONDS = 3.0
AWAY_SECONDS = 2.0
_poolers: list[PgBouncer] = []


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    async with own_postgres()(cluster):
        await asyncio.to_thread(_set_timeouts)
        pooler = PgBouncer(cluster.data / "pgbouncer", own_server().url, pool_size=POOL_SIZE)
        await asyncio.to_thread(pooler.start)
        try:
            _poolers[:] = [pooler]
            use_database(cluster, pooler.url)
            for node in cluster.nodes:
                node.options["IM_PGBOUNCER"] = "True"
            yield
        finally:
            pooler.kill()


def _set_timeouts() -> None:
    with connect() as session:
        for statement in ROLE_TIMEOUTS:
            session.execute(statement)


async def fault(stage: Stage) -> None:
    stage.concern_everybody()
    [pooler] = _poolers
    await stage.last(BEFORE_SECONDS)
    stage.add("connections to PostgreSQL", await asyncio.to_thread(pooler.server_sessions), limit=POOL_SIZE)
    await asyncio.to_thread(pooler.kill)
    await stage.last(AWAY_SECONDS)
    await asyncio.to_thread(pooler.start)


SCENARIO = Scenario(
    "pgbouncer-killed",
    "PgBouncer in transaction mode, with four connections for two nodes, is killed and started again",
    fault,
    around=around,
    pause=0.1,
)
