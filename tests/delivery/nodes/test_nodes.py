"""The registry of nodes: who lives, and who hears when that changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings
from redis.asyncio import Redis

from delivery.metrics import LOG_CATCHUP_EVENTS, fault_counts
from delivery.nodes.base import Nodes
from delivery.nodes.memory import MemoryNodes
from tests.support.eventually import PATIENCE, eventually
from tests.support.presence import Member, members
from tests.support.redis import RedisServer


@pytest.fixture(autouse=True)
def _options(settings: Settings) -> None:
    settings.IM_NODE_LEASE = 2.0


@pytest_asyncio.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


@pytest_asyncio.fixture(params=["memory", "redis"])
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Nodes]:
    if request.param == "memory":
        yield MemoryNodes("a")
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        async with members(server.url, "a") as [member]:
            yield member.nodes


async def test_a_node_knows_itself(nodes: Nodes) -> None:
    nodes.address = "a.example:7000"
    nodes.counts = lambda: (7, 5)
    (me,) = nodes.live().values()
    assert (me.id, me.address, me.connections, me.logged_in) == ("a", "a.example:7000", 7, 5)
    assert me.started > 0


async def test_nodes_know_each_other(redis_server: RedisServer) -> None:
    async with members(redis_server.url, "a", "b") as [a, b]:
        b.nodes.counts = lambda: (7, 5)
        await eventually(lambda: a.nodes.live()["b"].connections == 7)
        seen = a.nodes.live()["b"]
        assert (seen.address, seen.logged_in, seen.started) == ("b.example:7000", 5, b.nodes.live()["b"].started)
        await eventually(lambda: set(b.nodes.live()) == {"a", "b"})
        assert a.changes == [({"b"}, set())] and b.changes == [({"a"}, set())]


async def test_nodes_tell_each_other_what_they_lost(redis_server: RedisServer) -> None:
    before = fault_counts()["log_catchup_events"]
    async with members(redis_server.url, "a", "b") as [a, _b]:
        LOG_CATCHUP_EVENTS.inc(3)
        await eventually(lambda: a.nodes.live()["b"].losses.get("log_catchup_events") == before + 3)
        assert a.nodes.live()["a"].losses == fault_counts() == a.nodes.live()["b"].losses


async def test_a_node_of_a_version_before_says_nothing_of_losses(redis_server: RedisServer, redis: Redis) -> None:
    async with members(redis_server.url, "a") as [a]:
        old = {"id": "old", "address": "old.example:7000", "started": 1, "writes": 0, "connections": 2, "logged_in": 1}
        await redis.hset("im:lease:old/1", mapping=old)
        await redis.sadd("im:leases", "old/1")
        await eventually(lambda: "old" in a.nodes.live())
        assert (a.nodes.live()["old"].connections, a.nodes.live()["old"].losses) == (2, {})


async def test_a_node_that_departs_is_gone_at_once(redis_server: RedisServer, redis: Redis) -> None:
    async with members(redis_server.url, "a", "b") as [a, b]:
        await b.nodes.stop()
        await a.nodes.look()
        assert set(a.nodes.live()) == {"a"} and a.changes[-1] == (set(), {"b"})
        await a.nodes.stop()
        assert await redis.keys("im:lease*") == []


async def test_a_node_that_dies_is_gone_when_its_lease_lapses(redis_server: RedisServer, redis: Redis) -> None:
    async with members(redis_server.url, "a", "b") as [a, b]:
        await b.die()
        await a.nodes.look()
        assert set(a.nodes.live()) == {"a", "b"}
        assert await redis.pttl(f"im:lease:{b.nodes.lease}") <= 2000
        await eventually(lambda: set(a.nodes.live()) == {"a"})
        assert a.changes == [({"b"}, set()), (set(), {"b"})]
        assert await redis.smembers("im:leases") == {a.nodes.lease}


async def test_a_node_that_lives_keeps_its_lease(redis_server: RedisServer, redis: Redis) -> None:
    async with members(redis_server.url, "a", "b") as [a, b]:
        lease = b.nodes.lease
        await redis.pexpire(f"im:lease:{lease}", 1000)
        await b.nodes.look()
        assert await redis.pttl(f"im:lease:{lease}") > 1000
        assert b.nodes.lease == lease and a.changes == [({"b"}, set())]


async def test_a_node_that_comes_back_elsewhere_joins_anew(redis_server: RedisServer) -> None:
    """Killed and started again under the same name, before its first lease has lapsed."""
    async with members(redis_server.url, "a", "b") as [a, b]:
        await b.die()
        again = Member(redis_server.url, "b")
        again.nodes.address = "b.example:7001"
        again.nodes._started += 1
        await again.start()
        await a.nodes.look()
        assert a.nodes.live()["b"].address == "b.example:7001"
        assert a.changes == [({"b"}, set()), ({"b"}, set())]
        await again.stop()


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_while_redis_is_away_the_others_live_as_long_as_their_leases(
    redis_server: RedisServer, settings: Settings, how: str
) -> None:
    async with members(redis_server.url, "a", "b") as [a, b]:
        redis_server.kill() if how == "killed" else redis_server.freeze()
        async with asyncio.timeout(PATIENCE):
            await a.nodes.look()
            assert not a.link.up and set(a.nodes.live()) == {"a", "b"}
            await eventually(lambda: set(a.nodes.live()) == {"a"})
        redis_server.start() if how == "killed" else redis_server.thaw()
        await eventually(lambda: set(a.nodes.live()) == set(b.nodes.live()) == {"a", "b"})
        assert a.changes == [({"b"}, set()), (set(), {"b"}), ({"b"}, set())]


async def test_nobody_leaves_because_redis_has_forgotten_them(redis_server: RedisServer, settings: Settings) -> None:
    settings.IM_NODE_LEASE = 60.0
    async with members(redis_server.url, "a", "b") as [a, b]:
        leases = a.nodes.lease, b.nodes.lease
        redis_server.restart()
        await a.nodes.look()
        await a.nodes.look()
        assert set(a.nodes.live()) == {"a", "b"}
        await eventually(lambda: a.nodes.lease != leases[0] and b.nodes.lease != leases[1])
        await a.nodes.look()
        assert set(a.nodes.live()) == {"a", "b"} and a.changes == [({"b"}, set())]


async def test_a_departure_during_an_outage_does_not_wait_for_redis(redis_server: RedisServer) -> None:
    async with members(redis_server.url, "a", "b") as [a, _]:
        redis_server.freeze()
        async with asyncio.timeout(PATIENCE):
            await a.stop()
        redis_server.thaw()
