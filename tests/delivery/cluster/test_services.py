"""The services of a node work together: every node knows at once which nodes start and stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.conf import Settings

from delivery.cluster import redis_nodes
from delivery.cluster.services import Cluster
from delivery.hub.hub import Hub
from tests.support.redis import RedisServer
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def _options(settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = redis_server.url
    settings.IM_CLUSTER_SECRET = "the cluster's secret"
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [redis_server.url]},
        }
    }
    # No node refreshes its registry periodically.
    monkeypatch.setattr(redis_nodes, "MAX_REFRESH_INTERVAL_SECONDS", 3600.0)
    settings.IM_NODE_LEASE_SECONDS = 4 * 3600.0


def _known_nodes(node: Cluster) -> set[str]:
    """Return the nodes that it could call, and itself."""
    assert node.peers is not None
    return {node.nodes.id, *node.peers.nodes}


@asynccontextmanager
async def running(name: str) -> AsyncIterator[Cluster]:
    """Run a node of this name, whose hub has no connections and does not follow the log."""
    cluster = Cluster(name)
    await cluster.start(Hub())
    try:
        yield cluster
    finally:
        await cluster.stop()


async def test_every_node_knows_at_once_which_nodes_start_and_stop() -> None:
    async with running("a") as a:
        async with running("b") as b, running("c") as c:
            for node in (a, b, c):
                await wait_until(lambda node=node: _known_nodes(node) == {"a", "b", "c"})  # type: ignore[misc]
        await wait_until(lambda: _known_nodes(a) == {"a"})
