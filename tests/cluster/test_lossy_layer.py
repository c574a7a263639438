"""A channel layer that loses every tenth push, delays others and repeats some has no visible effect."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.conversation import assert_complete_and_ordered, send_many
from tests.support.monitoring import metrics
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres

MESSAGES = int(os.environ.get("CLUSTER_LOSSY_MESSAGES", "1000"))
LOSSY = "tests.support.lossy_settings"
PATIENCE = 300.0


async def _converse(two_nodes: TwoNodes, messages: int) -> None:
    """Let two users on each node chat in a group and in pairs; all must see the same messages in order."""
    clients = Clients(two_nodes.shared_site)
    places = [("alice", two_nodes.a), ("bob", two_nodes.b), ("carol", two_nodes.a), ("dave", two_nodes.b)]
    try:
        alice, bob, carol, dave = crowd = [
            await clients.login(two_nodes.shared_site.account(name), at=node.acc) for name, node in places
        ]
        group, private = await alice.group(bob, carol, dave), await alice.private(bob)
        share = messages // 6

        async def slowly(person: UserClient, target: str) -> None:
            # Many commits cause many pushes of few messages, each of which can be lost.
            for start in range(0, share, 5):
                await send_many(person, target, min(5, share - start))

        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(slowly(one, group) for one in crowd), slowly(alice, private), slowly(bob, private))
            await assert_complete_and_ordered(crowd, {group: 4 * share})
            await assert_complete_and_ordered([alice, bob], {group: 4 * share, private: 2 * share})
    finally:
        for client in clients.clients:
            await client.close()


@pytest.mark.parametrize("layer", ["pubsub", "queue"])
async def test_pushes_lost_by_the_layer_are_read_from_the_log(cluster_factory: ClusterFactory, layer: str) -> None:
    with (
        cluster_factory(IM_CHANNEL_LAYER=layer, DJANGO_SETTINGS_MODULE=LOSSY) as cluster,
        closing(TwoNodes(cluster)) as two_nodes,
    ):
        await _converse(two_nodes, MESSAGES)

        assert sum(metrics(node.url)["imsite_log_catchup_events_total"] for node in cluster.nodes) > 0


async def test_the_queue_layer_works_as_well(cluster_factory: ClusterFactory) -> None:
    with cluster_factory(IM_CHANNEL_LAYER="queue") as cluster, closing(TwoNodes(cluster)) as two_nodes:
        await _converse(two_nodes, 3000)

        passed = sum(metrics(node.url)["imsite_pushes_in_total"] for node in cluster.nodes)
        repairs = sum(metrics(node.url)["imsite_log_catchup_events_total"] for node in cluster.nodes)
        assert repairs < passed / 2, "the layer brings nothing"
