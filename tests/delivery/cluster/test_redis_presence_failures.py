"""Presence while nodes are killed, leases lapse, and Redis is away or loses data."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from delivery import metrics
from delivery.cluster.presence_scripts import WRITE_CHANGES
from tests.support.cluster_members import WEB, ClusterNode, changes_of, cluster_nodes, wait_until_agreed
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

ALICE, BOB, CAROL = 1, 2, 3
pytestmark = pytest.mark.usefixtures("cluster_timing")


async def test_the_users_of_a_killed_node_are_offline_when_its_lease_lapses(
    redis_server: RedisServer, redis: Redis
) -> None:
    async with cluster_nodes(redis_server.url, "a", "b", "c") as nodes:
        a, b, c = nodes
        a.connect(ALICE, BOB)
        b.connect(BOB)
        await c.sees(ALICE, BOB)
        await a.kill()
        assert await b.presence.filter_online([ALICE, BOB]) == {ALICE, BOB}
        await redis.delete(f"im:lease:{a.nodes.lease}")
        for node in (b, c):
            await node.sees(BOB)
            assert await node.presence.find_nodes([ALICE, BOB]) == {BOB: {"b"}}
        await wait_until(lambda: changes_of(ALICE, b, c) == ["offline"])
        # Alice's departure is reported once, although every node has looked for departures since.
        b.disconnect(BOB)
        await wait_until(lambda: "offline" in changes_of(BOB, b, c))
        assert changes_of(ALICE, b, c) == ["offline"]
        # Only the list of running nodes that have had users remains.
        kept = {key for key in await redis.keys("im:*") if not key.startswith("im:lease")}
        assert kept <= {"im:online-leases"}


@pytest.mark.parametrize("question", ["online", "online on", "nodes", "list", "count", "by name"])
async def test_no_query_counts_the_users_of_a_lapsed_lease(
    pair: list[ClusterNode], redis: Redis, question: str
) -> None:
    """This holds for any first query, before a node has cleaned up."""
    a, b = pair
    a.connect(*range(1, 2501))
    b.connect(BOB)
    await b.sees_count(2500)
    await a.kill()
    await redis.delete(f"im:lease:{a.nodes.lease}")
    presence = b.presence
    match question:
        case "online":
            assert await presence.filter_online([ALICE, BOB]) == {BOB}
        case "online on":
            assert await presence.filter_online([ALICE, BOB], WEB) == {BOB}
        case "nodes":
            assert await presence.find_nodes([ALICE, BOB]) == {BOB: {"b"}}
        case "list":
            assert await presence.list_online(WEB) == {BOB: "user 2"}
        case "count":
            assert await presence.count_online(WEB) == 1
        case "by name":
            assert [await presence.find_by_name(f"user {user_id}") for user_id in (2400, ALICE, BOB)] == [[], [], [BOB]]


async def test_a_running_node_that_lost_its_lease_writes_its_users_again(pair: list[ClusterNode], redis: Redis) -> None:
    a, b = pair
    a.connect(ALICE)
    await b.sees(ALICE)
    lost = a.nodes.lease
    await redis.delete(f"im:lease:{lost}")
    await wait_until(lambda: a.nodes.lease != lost)
    await b.sees(ALICE)
    assert "online" in changes_of(ALICE, a)


async def test_a_late_write_under_an_old_lease_has_no_effect(pair: list[ClusterNode], redis: Redis) -> None:
    """Redis may read a write long after the node has given up on it."""
    a, b = pair
    lost = a.nodes.lease
    await redis.delete(f"im:lease:{lost}")
    await wait_until(lambda: a.nodes.lease != lost)
    assert await redis.eval(WRITE_CHANGES, 0, lost, 1, 0, "+", ALICE, WEB, "alice") is None
    assert await b.presence.filter_online([ALICE]) == set() and await b.presence.count_online(WEB) == 0


@pytest.mark.parametrize(
    ("how", "patient_redis_clients"),
    [("killed", TIMEOUT_SECONDS), ("frozen", 0.5)],
    ids=["killed", "frozen"],
    indirect=["patient_redis_clients"],
)
async def test_without_redis_each_node_answers_for_its_own_users(
    pair: list[ClusterNode], redis_server: RedisServer, how: str
) -> None:
    a, b = pair
    a.connect(ALICE)
    b.connect(BOB)
    await a.sees(ALICE, BOB)
    await b.sees(ALICE, BOB)
    if how == "killed":
        redis_server.kill()
    else:
        redis_server.freeze()
    await wait_until(lambda: metrics.REDIS_AWAY.collect()[0].samples[0].value == 1)
    # Far longer than all of it may take, far shorter than a query that waits for a frozen Redis.
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await a.sees(ALICE)
        await b.sees(BOB)
        assert await a.presence.find_nodes([ALICE, BOB]) == {ALICE: {"a"}}
        a.connect(CAROL)
        await a.sees(ALICE, CAROL)
        await wait_until(lambda: changes_of(CAROL, a) == ["online"])
        a.disconnect(CAROL)
        await a.sees(ALICE)
        await wait_until(lambda: changes_of(CAROL, a) == ["offline", "online"])
        for _ in range(200):
            assert await b.presence.filter_online(range(1000)) == {BOB}
    if how == "frozen":
        redis_server.thaw()
    else:
        redis_server.start()
    for node in pair:
        await node.sees(ALICE, BOB)
    assert (changes_of(ALICE, *pair), changes_of(BOB, *pair)) == (["online"], ["online"])


async def test_nodes_write_everything_to_a_redis_that_restarts_empty(
    pair: list[ClusterNode], redis_server: RedisServer
) -> None:
    a, b = pair
    a.connect(*range(1, 1301))
    b.connect(ALICE, 5000)
    for node in pair:
        # A node that waits for an answer when Redis dies decides alone.
        await node.sees_count(1301)
    redis_server.kill()
    await wait_until(lambda: not a.redis.is_up and not b.redis.is_up)
    a.disconnect(BOB)
    b.connect(CAROL, 5001)
    redis_server.start()
    expected = set(range(1, 1301)) - {BOB} | {5000, 5001}
    for node in pair:

        async def is_seen(node: ClusterNode = node) -> bool:
            return set(await node.presence.list_online(WEB)) == expected

        await wait_until_agreed(is_seen)
    assert await a.presence.find_nodes([ALICE, BOB, CAROL]) == {ALICE: {"a", "b"}, CAROL: {"a", "b"}}
    assert changes_of(5001, *pair) == ["online"] and changes_of(ALICE, *pair) == ["online"]
    await wait_until(lambda: changes_of(BOB, *pair) == ["offline", "online"])


async def test_nodes_write_everything_to_a_redis_that_was_emptied(pair: list[ClusterNode], redis: Redis) -> None:
    """As after a fail-over to an empty replica: no connection breaks."""
    a, b = pair
    a.connect(ALICE)
    b.connect(BOB)
    await b.sees(ALICE, BOB)
    await redis.flushall()
    for node in pair:
        await node.sees(ALICE, BOB)
    assert (changes_of(ALICE, *pair), changes_of(BOB, *pair)) == (["online"], ["online"])


async def test_nodes_write_everything_to_a_redis_that_lost_its_last_writes(
    pair: list[ClusterNode], redis: Redis
) -> None:
    """As after a fail-over to a replica that lagged behind."""
    a, b = pair
    a.connect(ALICE)
    await b.sees(ALICE)
    before = {key: await redis.dump(key) for key in await presence_keys(redis)}
    a.connect(BOB)
    a.disconnect(ALICE)
    await b.sees(BOB)
    await redis.flushall()
    for key, value in before.items():
        await redis.restore(key, 600_000 if key.startswith("im:lease:") else 0, value)
    await b.sees(BOB)
    assert await a.presence.count_online(WEB) == 1


async def test_nodes_may_start_before_redis(redis_server: RedisServer) -> None:
    redis_server.kill()
    async with cluster_nodes(redis_server.url, "a", "b") as nodes:
        a, b = nodes
        a.connect(ALICE)
        await a.sees(ALICE)
        await wait_until(lambda: changes_of(ALICE, a) == ["online"])
        redis_server.start()
        await b.sees(ALICE)
        assert changes_of(ALICE, a) == ["online"]


async def presence_keys(redis: Redis) -> list[str]:
    return [key async for key in redis.scan_iter("im:*")]
