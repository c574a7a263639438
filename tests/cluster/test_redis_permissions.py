"""A Redis user with the permissions of the guide suffices for everything that nodes do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import redis

from tests.cluster.conftest import ClusterFactory
from tests.support.monitoring import metrics
from tests.support.redis import RedisServer, guide_permissions
from tests.support.shared_site import Clients
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import wait_until


@pytest.mark.parametrize("layer", ["pubsub", "queue"])
async def test_nodes_use_no_other_command_or_key(layer: str, cluster_factory: ClusterFactory, tmp_path: Path) -> None:
    user = " ".join(("user imsite >pw", *guide_permissions(layer)))
    with RedisServer(tmp_path, user) as server:
        url = f"redis://imsite:pw@127.0.0.1:{server.port}/0"
        options = {"IM_CHANNEL_LAYER": layer, "IM_PRESENCE_GRACE_SECONDS": "0.1"}
        with cluster_factory(REDIS_URL=url, **options) as cluster, closing(TwoNodes(cluster)) as two_nodes:
            await _converse(two_nodes)
            assert [metrics(node.url)["imsite_redis_away"] for node in cluster.nodes] == [0, 0]
        with redis.Redis.from_url(server.url, decode_responses=True) as operator:
            assert operator.acl_log() == []


async def _converse(two_nodes: TwoNodes) -> None:
    clients = Clients(two_nodes.shared_site)
    alice = await clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc, activity=True)
    bob = await clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc, activity=True)
    group, private = await alice.group(bob), await alice.private(bob)
    await alice.call("typing", target=private)
    await bob.push("typing", target=private)
    for target, text in ((group, "short"), (group, "long " * 800), (private, "short")):
        sent = await alice.say(target, text)
        await bob.push("msg", id=sent["id"])
    await bob.call("presence.set", presence="away")
    await alice.push("presence.changed", away=True)
    await alice.call("presence.list")
    await bob.close()
    await alice.push("exit", fromId=bob.id)
    before = metrics(two_nodes.a.url)["imsite_connections"]
    await alice.close()
    await wait_until(lambda: metrics(two_nodes.a.url)["imsite_connections"] < before)
