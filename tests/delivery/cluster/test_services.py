"""The parts of a node together: who comes and goes is known on all nodes at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.conf import Settings

from delivery.cluster import redis_nodes
from delivery.cluster.services import Cluster
from delivery.hub.hub import Hub
from tests.support.eventually import eventually
from tests.support.redis import RedisServer


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
    # Nobody looks by the clock.
    monkeypatch.setattr(redis_nodes, "SECOND", 3600.0)
    settings.IM_NODE_LEASE = 4 * 3600.0


def _known(node: Cluster) -> set[str]:
    """Whom it would call, and itself."""
    assert node.peers is not None
    return {node.nodes.id, *node.peers.nodes}


@asynccontextmanager
async def running(name: str) -> AsyncIterator[Cluster]:
    """A node of this name; its hub has nobody to serve and does not follow the log."""
    cluster = Cluster(name)
    await cluster.start(Hub())
    try:
        yield cluster
    finally:
        await cluster.stop()


async def test_who_comes_and_goes_is_known_at_once() -> None:
    async with running("a") as a:
        async with running("b") as b, running("c") as c:
            for node in (a, b, c):
                await eventually(lambda node=node: _known(node) == {"a", "b", "c"})  # type: ignore[misc]
        await eventually(lambda: _known(a) == {"a"})
