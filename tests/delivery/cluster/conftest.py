"""Fixture: two nodes of a cluster over one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.cluster_members import ClusterNode, cluster_nodes
from tests.support.redis import RedisServer


@pytest_asyncio.fixture
async def pair(redis_server: RedisServer, cluster_timing: None) -> AsyncIterator[list[ClusterNode]]:
    async with cluster_nodes(redis_server.url, "a", "b") as nodes:
        yield nodes
