"""The registry of nodes lists the running nodes and notifies the others of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings
from redis.asyncio import Redis

from delivery.metrics import LOG_CATCHUP_EVENTS, fault_counts
from delivery.nodes.base import NodeRegistry
from delivery.nodes.memory import MemoryNodeRegistry
from tests.support.cluster_members import ClusterNode, cluster_nodes
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.usefixtures("cluster_timing")


@pytest_asyncio.fixture(params=["memory", "redis"])
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[NodeRegistry]:
    if request.param == "memory":
        yield MemoryNodeRegistry("a")
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        async with cluster_nodes(server.url, "a") as [node]:
            yield node.nodes


async def test_a_node_knows_itself(nodes: NodeRegistry) -> None:
    nodes.address = "a.example:7000"
    nodes.count_connections = lambda: (7, 5)
    (own,) = nodes.live().values()
    assert (own.id, own.address, own.connections, own.logged_in) == ("a", "a.example:7000", 7, 5)
    assert own.started > 0


async def test_nodes_know_each_other(redis_server: RedisServer) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        b.nodes.count_connections = lambda: (7, 5)
        await wait_until(lambda: a.nodes.live()["b"].connections == 7)
        seen = a.nodes.live()["b"]
        assert (seen.address, seen.logged_in, seen.started) == ("b.example:7000", 5, b.nodes.live()["b"].started)
        await wait_until(lambda: set(b.nodes.live()) == {"a", "b"})
        assert a.node_changes == [({"b"}, set())] and b.node_changes == [({"a"}, set())]


async def test_nodes_publish_their_fault_counts(redis_server: RedisServer) -> None:
    before = fault_counts()["log_catchup_events"]
    async with cluster_nodes(redis_server.url, "a", "b") as [a, _b]:
        LOG_CATCHUP_EVENTS.inc(3)
        await wait_until(lambda: a.nodes.live()["b"].fault_counts.get("log_catchup_events") == before + 3)
        assert a.nodes.live()["a"].fault_counts == fault_counts() == a.nodes.live()["b"].fault_counts


async def test_a_node_of_an_older_version_has_no_fault_counts(redis_server: RedisServer, redis: Redis) -> None:
    async with cluster_nodes(redis_server.url, "a") as [a]:
        old = {"id": "old", "address": "old.example:7000", "started": 1, "writes": 0, "connections": 2, "logged_in": 1}
        await redis.hset("im:lease:old/1", mapping=old)
        await redis.sadd("im:leases", "old/1")
        await wait_until(lambda: "old" in a.nodes.live())
        assert (a.nodes.live()["old"].connections, a.nodes.live()["old"].fault_counts) == (2, {})


async def test_a_node_that_stops_leaves_the_registry_at_once(redis_server: RedisServer, redis: Redis) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        await b.nodes.stop()
        await a.nodes.refresh()
        assert set(a.nodes.live()) == {"a"} and a.node_changes[-1] == (set(), {"b"})
        await a.nodes.stop()
        assert await redis.keys("im:lease*") == []


async def test_a_killed_node_leaves_the_registry_when_its_lease_lapses(redis_server: RedisServer, redis: Redis) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        await b.kill()
        await a.nodes.refresh()
        assert set(a.nodes.live()) == {"a", "b"}
        lease = f"im:lease:{b.nodes.lease}"
        assert 0 < await redis.pttl(lease) <= 600_000
        await redis.pexpire(lease, 1)
        await wait_until(lambda: set(a.nodes.live()) == {"a"})
        assert a.node_changes == [({"b"}, set()), (set(), {"b"})]
        assert await redis.smembers("im:leases") == {a.nodes.lease}


async def test_a_running_node_renews_its_lease(redis_server: RedisServer, redis: Redis) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        lease = b.nodes.lease
        await redis.pexpire(f"im:lease:{lease}", 300_000)
        await b.nodes.refresh()
        assert await redis.pttl(f"im:lease:{lease}") > 300_000
        assert b.nodes.lease == lease and a.node_changes == [({"b"}, set())]


async def test_a_node_that_restarts_at_another_address_joins_again(redis_server: RedisServer) -> None:
    """The node is killed and restarted under the same name before its first lease has lapsed."""
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        await b.kill()
        again = ClusterNode(redis_server.url, "b")
        again.nodes.address = "b.example:7001"
        again.nodes._started += 1
        await again.start()
        await a.nodes.refresh()
        assert a.nodes.live()["b"].address == "b.example:7001"
        assert a.node_changes == [({"b"}, set()), ({"b"}, set())]
        await again.stop()


@pytest.mark.parametrize(
    ("how", "patient_redis_clients"),
    [("killed", TIMEOUT_SECONDS), ("frozen", 0.5)],
    ids=["killed", "frozen"],
    indirect=["patient_redis_clients"],
)
async def test_while_redis_is_away_nodes_count_as_running_until_their_leases_lapse(
    redis_server: RedisServer, settings: Settings, how: str
) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        redis_server.kill() if how == "killed" else redis_server.freeze()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await a.nodes.refresh()
            assert not a.redis.is_up and set(a.nodes.live()) == {"a", "b"}
            lease_seconds, settings.IM_NODE_LEASE_SECONDS = settings.IM_NODE_LEASE_SECONDS, 0.3
            await wait_until(lambda: set(a.nodes.live()) == {"a"})
        settings.IM_NODE_LEASE_SECONDS = lease_seconds
        redis_server.start() if how == "killed" else redis_server.thaw()
        await wait_until(lambda: set(a.nodes.live()) == set(b.nodes.live()) == {"a", "b"})
        assert a.node_changes == [({"b"}, set()), (set(), {"b"}), ({"b"}, set())]


async def test_no_node_leaves_because_redis_has_lost_its_lease(redis_server: RedisServer) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, b]:
        leases = a.nodes.lease, b.nodes.lease
        redis_server.restart()
        await a.nodes.refresh()
        await a.nodes.refresh()
        assert set(a.nodes.live()) == {"a", "b"}
        await wait_until(lambda: a.nodes.lease != leases[0] and b.nodes.lease != leases[1])
        await a.nodes.refresh()
        assert set(a.nodes.live()) == {"a", "b"} and a.node_changes == [({"b"}, set())]


@pytest.mark.parametrize("patient_redis_clients", [0.5], indirect=True)
async def test_a_node_that_stops_during_an_outage_does_not_wait_for_redis(redis_server: RedisServer) -> None:
    async with cluster_nodes(redis_server.url, "a", "b") as [a, _]:
        redis_server.freeze()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await a.stop()
        redis_server.thaw()
