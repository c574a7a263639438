"""Nodes that share a Redis see the users of all nodes and report each presence change once."""

from __future__ import annotations

import asyncio

import pytest
from django.conf import Settings
from redis.asyncio import Redis

from tests.support.cluster_members import IOS, WEB, ClusterNode, changes_of, wait_until_agreed
from tests.support.waiting import wait_until

ALICE, BOB, CAROL = 1, 2, 3
pytestmark = pytest.mark.usefixtures("cluster_timing")


async def test_each_node_sees_the_users_of_all_nodes(pair: list[ClusterNode]) -> None:
    a, b = pair
    a.connect(ALICE, BOB)
    b.connect(BOB)
    b.connect(CAROL, app=IOS)
    for node in pair:
        await node.sees(ALICE, BOB)
        await node.sees(CAROL, app=IOS)
        assert await node.presence.find_nodes([ALICE, BOB, CAROL, 4]) == {ALICE: {"a"}, BOB: {"a", "b"}, CAROL: {"b"}}
    a.disconnect(BOB)
    a.disconnect(ALICE)
    for node in pair:
        await node.sees(BOB)
        assert await node.presence.find_nodes([ALICE, BOB]) == {BOB: {"b"}}


async def test_alice_on_two_nodes_comes_online_once_and_goes_offline_once(pair: list[ClusterNode]) -> None:
    a, b = pair
    a.connect(ALICE)
    await b.sees(ALICE)
    b.connect(ALICE, BOB)
    await a.sees(ALICE, BOB)
    a.disconnect(ALICE)
    await b.sees(ALICE, BOB)
    b.disconnect(BOB)
    await wait_until(lambda: changes_of(BOB, a, b) == ["offline", "online"])
    assert changes_of(ALICE, a, b) == ["online"]
    b.disconnect(ALICE)
    await wait_until(lambda: changes_of(ALICE, a, b) == ["offline", "online"])


async def test_alice_comes_online_on_a_second_app(pair: list[ClusterNode]) -> None:
    a, b = pair
    a.connect(ALICE)
    await b.sees(ALICE)
    b.connect(ALICE, app=IOS)
    await a.sees(ALICE, app=IOS)
    assert ("online", ALICE, "user 1", IOS) in b.presence_changes
    b.disconnect(ALICE, app=IOS)
    await wait_until(lambda: ("offline", ALICE, "user 1", IOS) in a.presence_changes + b.presence_changes)
    assert await a.presence.find_by_name("user 1") == [ALICE]


async def test_alice_moves_to_another_node_without_going_offline(pair: list[ClusterNode], settings: Settings) -> None:
    a, b = pair
    a.connect(ALICE)
    await b.sees(ALICE)
    settings.IM_PRESENCE_GRACE_SECONDS = 60
    a.disconnect(ALICE)
    await b.sees()
    b.connect(ALICE)
    await a.sees(ALICE)
    settings.IM_PRESENCE_GRACE_SECONDS = 0.01
    a.connect(BOB)
    await b.sees(ALICE, BOB)
    await wait_until_agreed(lambda: _no_pending_departures(a))
    a.disconnect(BOB)
    await wait_until(lambda: changes_of(BOB, a, b) == ["offline", "online"])
    assert changes_of(ALICE, a, b) == ["online"]


async def _no_pending_departures(node: ClusterNode) -> bool:
    return not await node.redis.run_script("return redis.call('ZCARD', 'im:leaving')")


async def test_the_users_of_a_node_that_stops_are_offline_at_once(pair: list[ClusterNode], redis: Redis) -> None:
    a, b = pair
    a.connect(ALICE, BOB)
    b.connect(BOB)
    await b.sees(ALICE, BOB)
    await a.stop()
    assert await b.presence.filter_online([ALICE, BOB]) == {BOB}
    assert await b.presence.count_online(WEB) == 1
    await wait_until(lambda: changes_of(ALICE, a, b) == ["offline", "online"])
    assert changes_of(BOB, a, b) == ["online"]
    await b.stop()
    assert [key for key in await redis.keys("im:*") if key != "im:leaving"] == []


async def test_a_query_for_a_thousand_users_is_one_round_trip(pair: list[ClusterNode], redis: Redis) -> None:
    a, b = pair
    user_ids = range(700_001, 701_001)
    a.connect(*user_ids[:400])
    b.connect(*user_ids[400:500])
    await a.sees_count(500)
    # Redis gets each script once.
    await a.presence.filter_online([1])
    async with redis.monitor() as monitor:
        assert await a.presence.filter_online(user_ids, WEB) == set(user_ids[:500])
        await redis.echo("the end")
        asked = []
        async for line in monitor.listen():
            if "the end" in line["command"]:
                break
            if "701000" in line["command"] and line["client_type"] != "lua":
                asked.append(line["command"].split()[0])
    assert asked == ["EVALSHA"]


async def test_unchanged_users_cost_lease_renewals_only(pair: list[ClusterNode], redis: Redis) -> None:
    a, b = pair
    a.connect(*range(1, 101))
    b.connect(*range(1, 101))
    await a.sees_count(100)
    await b.sees_count(100)
    async with redis.monitor() as monitor:
        for node in pair:
            await node.nodes.refresh()
        await asyncio.sleep(3 * a.nodes.interval)
        await redis.echo("the end")
        written = set()
        async for line in monitor.listen():
            if "the end" in line["command"]:
                break
            command, _, rest = line["command"].partition(" ")
            if command.upper() in {"HSET", "SADD", "ZADD", "HDEL", "SREM", "ZREM", "PEXPIRE"}:
                written.add(rest.split(":")[1])
    assert written == {"lease"}


async def test_users_who_connect_together_are_written_in_batches(pair: list[ClusterNode], redis: Redis) -> None:
    a, _ = pair
    before = int((await redis.info("commandstats"))["cmdstat_evalsha"]["calls"])
    a.connect(*range(1, 1001))
    await a.sees_count(1000)
    assert int((await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]) - before < 20
