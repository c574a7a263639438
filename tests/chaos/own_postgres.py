"""PostgreSQL servers of single scenarios, which these may kill, lock and fill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import psycopg

from tests.support.cluster import Cluster
from tests.support.postgres_server import PostgresServer

_servers: list[PostgresServer] = []
"""The server of the present scenario."""


def own_postgres(options: Mapping[str, str] | None = None) -> Callable[[Cluster], AbstractAsyncContextManager[None]]:
    """Return an `around` that copies the cluster's database to a server of its own, which its nodes then use."""

    @asynccontextmanager
    async def around(cluster: Cluster) -> AsyncIterator[None]:
        server = PostgresServer(options)
        try:
            await asyncio.to_thread(server.create, cluster.nodes[0].database_url)
            use_database(cluster, server.url)
            _servers.append(server)
            yield
        finally:
            _servers.clear()
            await asyncio.to_thread(server.close)

    return around


def own_server() -> PostgresServer:
    """Return the server of the present scenario."""
    return _servers[0]


def use_database(cluster: Cluster, url: str) -> None:
    """Let the nodes use the database at this URL when they start."""
    for node in cluster.nodes:
        node.database_url = url


def connect() -> psycopg.Connection[Any]:
    """Open a session of another program in the scenario's database, without the site's time-outs."""
    return psycopg.connect(own_server().url, autocommit=True)
