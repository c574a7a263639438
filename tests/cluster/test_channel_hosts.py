"""The channel layer on hosts of its own: several servers, or any server of a Redis Cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import redis

from tests.cluster.conftest import ClusterFactory
from tests.support.cluster import Cluster
from tests.support.monitoring import metrics
from tests.support.redis import RedisServer
from tests.support.redis_cluster import redis_cluster
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

GROUPS = 6
LONG = "long " * 800
"""A body that goes to the channel's own group."""


def _groups(server: RedisServer) -> set[str]:
    """Return the groups that nodes follow on this server."""
    with redis.Redis.from_url(server.url, decode_responses=True) as operator:
        return {name for name in operator.pubsub_channels() if "__group__" in name}


@asynccontextmanager
async def _talkers(two_nodes: TwoNodes) -> AsyncIterator[tuple[UserClient, UserClient, list[str]]]:
    """Return Alice on one node and Bob on the other, and groups of both."""
    clients = Clients(two_nodes.shared_site)
    alice = await clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    yield alice, bob, [await alice.group(bob) for _ in range(GROUPS)]
    for client in clients.clients:
        await client.close()


async def _say_everywhere(alice: UserClient, bob: UserClient, groups: list[str]) -> None:
    for group in groups:
        for text in ("short", LONG):
            sent = await alice.say(group, text)
            await bob.push("msg", id=sent["id"])


async def _say_everywhere_without_log(cluster: Cluster, alice: UserClient, bob: UserClient, groups: list[str]) -> None:
    """Send until none of a round's messages had to be read from the log, as happens on a busy machine."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        before = None
        while (now := _caught_up(cluster)) != before:
            before = now
            await _say_everywhere(alice, bob, groups)


def _caught_up(cluster: Cluster) -> list[float]:
    """Return how many events each node has read from the log, because the layer did not bring them in time."""
    return [metrics(node.url)["imsite_log_catchup_events_total"] for node in cluster.nodes]


async def test_several_hosts_share_the_groups(cluster_factory: ClusterFactory, tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path / "one") as one,
        RedisServer(tmp_path / "two") as two,
        cluster_factory(REDIS_CHANNEL_URLS=f"{one.url} {two.url}") as cluster,
        closing(TwoNodes(cluster)) as two_nodes,
    ):
        async with _talkers(two_nodes) as (alice, bob, groups):
            wanted = {f"imsite__group__c.{group}" for group in groups} | {"imsite__group__log"}
            await wait_until(lambda: wanted <= _groups(one) | _groups(two))
            assert _groups(one) and _groups(two) and not _groups(one) & _groups(two)
            assert not _groups(cluster.redis)
            await _say_everywhere_without_log(cluster, alice, bob, groups)

            # The log takes over for whichever has gone.
            for server in (one, two):
                server.kill()
                await _say_everywhere(alice, bob, groups[:1])


async def test_any_server_of_a_redis_cluster_carries_the_layer(cluster_factory: ClusterFactory, tmp_path: Path) -> None:
    with redis_cluster(tmp_path) as masters:
        cluster = cluster_factory()
        for node, master in zip(cluster.nodes, masters, strict=False):
            node.options["REDIS_CHANNEL_URLS"] = master.url
        with cluster, closing(TwoNodes(cluster)) as two_nodes:
            async with _talkers(two_nodes) as (alice, bob, groups):
                wanted = {f"imsite__group__c.{group}" for group in groups}
                await wait_until(lambda: all(wanted <= _groups(master) for master in masters[:2]))
                await _say_everywhere_without_log(cluster, alice, bob, groups)
