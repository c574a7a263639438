"""The replica from which history and search are read freezes: its host acknowledges packets, and nothing answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.own_postgres import own_postgres, own_server
from tests.chaos.reading import reader
from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage
from tests.support.cluster import Cluster
from tests.support.monitoring import metrics
from tests.support.postgres_server import PostgresServer
from tests.support.sentinels import wait_blocking
from tests.support.site import Site

BEFORE_SECONDS = 3.0
FROZEN_SECONDS = 15.0
LONGEST_READ_SECONDS = 3.0
"""A read that waits for the frozen replica, then for its turn on the primary. Without a limit it would never end."""
_replicas: list[PostgresServer] = []


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    replica = PostgresServer()
    try:
        async with own_postgres()(cluster):
            await asyncio.to_thread(replica.replicate, own_server())
            _replicas[:] = [replica]
            for node in cluster.nodes:
                node.options["DATABASE_REPLICA_URL"] = replica.url
            yield
    finally:
        await asyncio.to_thread(replica.close)


def _reads(node: Site) -> float:
    return metrics(node.url).get('imsite_replica_reads_total{result="replica"}', 0.0)


async def fault(stage: Stage) -> None:
    [replica] = _replicas
    async with reader(stage) as member:
        stage.add("longest read before", await member.longest_read(BEFORE_SECONDS), "s")
        await asyncio.to_thread(wait_blocking, lambda: _reads(stage.a) > 0)
        await asyncio.to_thread(replica.freeze)
        try:
            longest = await member.longest_read(FROZEN_SECONDS)
        finally:
            await asyncio.to_thread(replica.resume)
        stage.add("longest read", longest, "s", LONGEST_READ_SECONDS)


async def _check(stage: Stage) -> None:
    """Read until the replica is used again."""
    before = await asyncio.to_thread(_reads, stage.a)
    async with reader(stage) as member:
        while await asyncio.to_thread(_reads, stage.a) == before:
            await member.longest_read(1)


SCENARIO = Scenario(
    "replica-frozen",
    "the replica of PostgreSQL that is read does not answer for 15 s",
    fault,
    Criteria(refusals=0),
    check=_check,
    around=around,
)
