"""Fixtures for two nodes of a cluster over one Redis, with short leases and grace periods."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings

from tests.support.cluster_members import ClusterNode, cluster_nodes
from tests.support.redis import RedisServer


@pytest.fixture
def short_leases(settings: Settings) -> None:
    settings.IM_PRESENCE_GRACE_SECONDS = 0.01
    settings.IM_NODE_LEASE_SECONDS = 2.0


@pytest_asyncio.fixture
async def pair(redis_server: RedisServer, short_leases: None) -> AsyncIterator[list[ClusterNode]]:
    async with cluster_nodes(redis_server.url, "a", "b") as nodes:
        yield nodes
