"""Users of several nodes are away while they are away on all of them, also after Redis has lost data."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.support.cluster_members import WEB, ClusterNode, wait_until_agreed
from tests.support.redis import RedisServer
from tests.support.waiting import wait_until

ALICE, BOB = 1, 2
pytestmark = pytest.mark.usefixtures("cluster_timing")


async def until_away(node: ClusterNode, *users: int) -> None:
    """Wait until exactly these users are away, as this node has it."""

    async def agrees() -> bool:
        return await node.presence.filter_away([ALICE, BOB]) == set(users)

    await wait_until_agreed(agrees)


async def until_on_both(node: ClusterNode) -> None:
    """Wait until this node finds both users on both nodes."""

    async def agrees() -> bool:
        found = await node.presence.find_nodes([ALICE, BOB])
        return found == {ALICE: {"a", "b"}, BOB: {"a", "b"}}

    await wait_until_agreed(agrees)


async def test_alice_is_away_once_she_is_on_both_nodes(pair: list[ClusterNode]) -> None:
    a, b = pair
    told: list[int] = []
    for node in pair:
        node.presence.on_away = told.append
        node.connect(ALICE, BOB)
    for node in pair:
        await until_on_both(node)
    a.presence.set_away(ALICE, is_away=True)
    a.presence.set_away(BOB, is_away=True)
    b.presence.set_away(ALICE, is_away=True)
    for node in pair:
        await until_away(node, ALICE)
    # Bob is present on the other node until his connection to it ends.
    b.disconnect(BOB)
    for node in pair:
        await until_away(node, ALICE, BOB)
    await wait_until(lambda: {*told} == {ALICE, BOB})
    told.clear()
    a.presence.set_away(ALICE, is_away=False)
    for node in pair:
        await until_away(node, BOB)
    await wait_until(lambda: ALICE in told)


async def test_the_death_of_the_node_on_which_bob_was_present_leaves_him_away(
    pair: list[ClusterNode], redis: Redis
) -> None:
    a, b = pair
    told: list[int] = []
    b.presence.on_away = told.append
    for node in pair:
        node.connect(BOB)
    b.presence.set_away(BOB, is_away=True)
    await until_away(b)
    await a.kill()
    await redis.delete(f"im:lease:{a.nodes.lease}")
    await until_away(b, BOB)
    await wait_until(lambda: BOB in told)


async def test_away_users_are_written_again_and_known_without_redis(
    pair: list[ClusterNode], redis_server: RedisServer, redis: Redis
) -> None:
    a, b = pair
    a.connect(ALICE)
    a.presence.set_away(ALICE, is_away=True)
    await until_away(b, ALICE)
    await redis.flushall()
    await until_away(b, ALICE)
    redis_server.stop()
    told: list[int] = []
    a.presence.on_away = told.append
    await until_away(a, ALICE)
    a.presence.set_away(ALICE, is_away=False)
    await until_away(a)
    await wait_until(lambda: ALICE in told)
    assert await a.presence.filter_online([ALICE], WEB) == {ALICE}
