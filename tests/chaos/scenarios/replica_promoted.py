"""The server of PostgreSQL is killed under load, and its synchronous streaming replica takes its address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.own_postgres import own_postgres, own_server, use_database
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.chaos.tcp_proxy import TcpProxy
from tests.support.cluster import Cluster
from tests.support.postgres_server import NAME, PostgresServer

_pairs: list[tuple[TcpProxy, PostgresServer]] = []


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    replica = PostgresServer({"synchronous_standby_names": ""})
    try:
        async with own_postgres()(cluster):
            primary = own_server()
            await asyncio.to_thread(replica.replicate, primary)
            await asyncio.to_thread(primary.set_option, "synchronous_standby_names", "*")
            async with TcpProxy(primary.port) as address:
                _pairs[:] = [(address, replica)]
                use_database(cluster, f"postgres://imsite@127.0.0.1:{address.port}/{NAME}")
                yield
    finally:
        await asyncio.to_thread(replica.close)


async def fault(stage: Stage) -> None:
    stage.concern_everybody()
    [(address, replica)] = _pairs
    await stage.last(3)
    await asyncio.to_thread(own_server().kill)
    await asyncio.to_thread(replica.promote)
    address.target = replica.port
    address.reset()


SCENARIO = Scenario(
    "replica-promoted", "a synchronous replica of PostgreSQL is promoted under load", fault, around=around, pause=0.1
)
