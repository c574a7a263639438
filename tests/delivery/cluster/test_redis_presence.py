"""Presence of several nodes over one Redis: who is where, nodes that die, a Redis that is away or forgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings
from redis.asyncio import Redis

from delivery import metrics
from delivery.cluster.presence_scripts import WRITE
from tests.support.eventually import PATIENCE, eventually
from tests.support.presence import Member, agreed, members
from tests.support.redis import RedisServer

ALICE, BOB, CAROL = 1, 2, 3
WEB, IOS = 101, 102


@pytest.fixture(autouse=True)
def _options(settings: Settings) -> None:
    settings.IM_PRESENCE_GRACE = 0.01
    settings.IM_NODE_LEASE = 2.0


@pytest_asyncio.fixture
async def pair(redis_server: RedisServer, _options: None) -> AsyncIterator[list[Member]]:
    async with members(redis_server.url, "a", "b") as made:
        yield made


@pytest_asyncio.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


async def sees(member: Member, *persons: int, app: int = WEB) -> None:
    """Wait until exactly these are online on the app, in every kind of answer of that node."""
    expected = set(persons)
    everybody = [ALICE, BOB, CAROL]

    async def right() -> bool:
        presence = member.presence
        return (
            set(await presence.persons(app)) == await presence.online(everybody, app) == expected
            and await presence.count(app) == len(expected)
            and {person for person in everybody if person in await presence.named(f"person {person}", app)} == expected
        )

    await agreed(right)


def connect(member: Member, *persons: int, app: int = WEB) -> None:
    for person in persons:
        member.presence.connect(person, f"person {person}", app)


def disconnect(member: Member, *persons: int, app: int = WEB) -> None:
    for person in persons:
        member.presence.disconnect(person, app)


def told(person: int, *cluster: Member) -> list[str]:
    """What the nodes told of somebody, in no order."""
    return sorted(what for member in cluster for what, of, _, _ in member.told if of == person)


# -- several nodes ----------------------------------------------------------------------------------------------------


async def test_everybody_is_seen_from_everywhere(pair: list[Member]) -> None:
    a, b = pair
    connect(a, ALICE, BOB)
    connect(b, BOB)
    connect(b, CAROL, app=IOS)
    for member in pair:
        await sees(member, ALICE, BOB)
        await sees(member, CAROL, app=IOS)
        assert await member.presence.nodes_of([ALICE, BOB, CAROL, 4]) == {ALICE: {"a"}, BOB: {"a", "b"}, CAROL: {"b"}}
    disconnect(a, BOB)
    disconnect(a, ALICE)
    for member in pair:
        await sees(member, BOB)
        assert await member.presence.nodes_of([ALICE, BOB]) == {BOB: {"b"}}


async def test_a_person_on_two_nodes_comes_once_and_goes_once(pair: list[Member]) -> None:
    a, b = pair
    connect(a, ALICE)
    await sees(b, ALICE)
    connect(b, ALICE, BOB)
    await sees(a, ALICE, BOB)
    disconnect(a, ALICE)
    await sees(b, ALICE, BOB)
    disconnect(b, BOB)
    await eventually(lambda: told(BOB, a, b) == ["came", "went"])
    assert told(ALICE, a, b) == ["came"]
    disconnect(b, ALICE)
    await eventually(lambda: told(ALICE, a, b) == ["came", "went"])


async def test_on_another_app_the_same_person_comes_and_goes(pair: list[Member]) -> None:
    a, b = pair
    connect(a, ALICE)
    await sees(b, ALICE)
    connect(b, ALICE, app=IOS)
    await sees(a, ALICE, app=IOS)
    assert ("came", ALICE, "person 1", IOS) in b.told
    disconnect(b, ALICE, app=IOS)
    await eventually(lambda: ("went", ALICE, "person 1", IOS) in a.told + b.told)
    assert await a.presence.named("person 1") == [ALICE]


async def test_who_comes_back_at_once_on_another_node_has_not_been_away(pair: list[Member], settings: Settings) -> None:
    a, b = pair
    connect(a, ALICE)
    await sees(b, ALICE)
    settings.IM_PRESENCE_GRACE = 0.5
    disconnect(a, ALICE)
    await sees(b)
    connect(b, ALICE)
    await sees(a, ALICE)
    settings.IM_PRESENCE_GRACE = 0.01
    connect(a, BOB)
    await sees(b, ALICE, BOB)
    await agreed(lambda: _parting_is_over(a))
    disconnect(a, BOB)
    await eventually(lambda: told(BOB, a, b) == ["came", "went"])
    assert told(ALICE, a, b) == ["came"]


async def _parting_is_over(member: Member) -> bool:
    return not await member.link.run("return redis.call('ZCARD', 'im:parting')")


async def test_a_node_that_departs_takes_its_people_along(pair: list[Member], redis: Redis) -> None:
    a, b = pair
    connect(a, ALICE, BOB)
    connect(b, BOB)
    await sees(b, ALICE, BOB)
    await a.stop()
    assert await b.presence.online([ALICE, BOB]) == {BOB}
    assert await b.presence.count(WEB) == 1
    await eventually(lambda: told(ALICE, a, b) == ["came", "went"])
    assert told(BOB, a, b) == ["came"]
    await b.stop()
    assert [key for key in await redis.keys("im:*") if key != "im:parting"] == []


# -- nodes that die ---------------------------------------------------------------------------------------------------


async def test_the_people_of_a_dead_node_are_offline_when_its_lease_lapses(
    redis_server: RedisServer, redis: Redis
) -> None:
    async with members(redis_server.url, "a", "b", "c") as cluster:
        a, b, c = cluster
        connect(a, ALICE, BOB)
        connect(b, BOB)
        await sees(c, ALICE, BOB)
        await a.die()
        assert await b.presence.online([ALICE, BOB]) == {ALICE, BOB}
        for member in (b, c):
            await sees(member, BOB)
            assert await member.presence.nodes_of([ALICE, BOB]) == {BOB: {"b"}}
        await eventually(lambda: told(ALICE, b, c) == ["went"])
        # Its going has been told once; whoever might tell it again has had the occasion.
        disconnect(b, BOB)
        await eventually(lambda: "went" in told(BOB, b, c))
        assert told(ALICE, b, c) == ["went"]
        # Of the living, at most that they have held somebody: a lease that was lost and taken anew has held nobody.
        kept = {key for key in await redis.keys("im:*") if not key.startswith("im:lease")}
        assert kept <= {"im:holders"}


@pytest.mark.parametrize("question", ["online", "online on", "nodes", "persons", "count", "named"])
async def test_what_a_lapsed_lease_holds_counts_no_more_at_once(
    pair: list[Member], redis: Redis, question: str
) -> None:
    """Whatever is asked first, before anybody has cleaned up."""
    a, b = pair
    connect(a, *range(1, 2501))
    connect(b, BOB)
    await sees_many(b, 2500)
    await a.die()
    await redis.delete(f"im:lease:{a.nodes.lease}")
    presence = b.presence
    match question:
        case "online":
            assert await presence.online([ALICE, BOB]) == {BOB}
        case "online on":
            assert await presence.online([ALICE, BOB], WEB) == {BOB}
        case "nodes":
            assert await presence.nodes_of([ALICE, BOB]) == {BOB: {"b"}}
        case "persons":
            assert await presence.persons(WEB) == {BOB: "person 2"}
        case "count":
            assert await presence.count(WEB) == 1
        case "named":
            assert [await presence.named(f"person {person}") for person in (2400, ALICE, BOB)] == [[], [], [BOB]]


async def sees_many(member: Member, count: int) -> None:
    async def right() -> bool:
        return await member.presence.count(WEB) == count

    await agreed(right)


async def test_a_node_that_lost_its_lease_but_lives_is_back_by_itself(pair: list[Member], redis: Redis) -> None:
    a, b = pair
    connect(a, ALICE)
    await sees(b, ALICE)
    lost = a.nodes.lease
    await redis.delete(f"im:lease:{lost}")
    await eventually(lambda: a.nodes.lease != lost)
    await sees(b, ALICE)
    assert told(ALICE, a)[0] == "came"


async def test_what_was_sent_under_a_former_lease_is_not_carried_out(pair: list[Member], redis: Redis) -> None:
    """A write of which the node does not know whether Redis got it may be read by Redis much later."""
    a, b = pair
    lost = a.nodes.lease
    await redis.delete(f"im:lease:{lost}")
    await eventually(lambda: a.nodes.lease != lost)
    assert await redis.eval(WRITE, 0, lost, 1, 0, "+", ALICE, WEB, "alice") is None
    assert await b.presence.online([ALICE]) == set() and await b.presence.count(WEB) == 0


# -- Redis is away ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_without_redis_each_node_answers_for_itself(
    pair: list[Member], redis_server: RedisServer, how: str
) -> None:
    a, b = pair
    connect(a, ALICE)
    connect(b, BOB)
    await sees(a, ALICE, BOB)
    await sees(b, ALICE, BOB)
    if how == "killed":
        redis_server.kill()
    else:
        redis_server.freeze()
    await eventually(lambda: metrics.REDIS_AWAY.collect()[0].samples[0].value == 1)
    # Far longer than all of it may take, far shorter than a frozen Redis would hold whoever waits for it.
    async with asyncio.timeout(PATIENCE):
        await sees(a, ALICE)
        await sees(b, BOB)
        assert await a.presence.nodes_of([ALICE, BOB]) == {ALICE: {"a"}}
        connect(a, CAROL)
        await sees(a, ALICE, CAROL)
        await eventually(lambda: told(CAROL, a) == ["came"])
        disconnect(a, CAROL)
        await sees(a, ALICE)
        await eventually(lambda: told(CAROL, a) == ["came", "went"])
        for _ in range(200):
            assert await b.presence.online(range(1000)) == {BOB}
    if how == "frozen":
        redis_server.thaw()
    else:
        redis_server.start()
    for member in pair:
        await sees(member, ALICE, BOB)
    assert (told(ALICE, *pair), told(BOB, *pair)) == (["came"], ["came"])


async def test_a_redis_that_comes_back_empty_is_told_everything_anew(
    pair: list[Member], redis_server: RedisServer
) -> None:
    a, b = pair
    connect(a, *range(1, 1301))
    connect(b, ALICE, 5000)
    for member in pair:
        # Whoever waits for an answer when it dies decides alone.
        await sees_many(member, 1301)
    redis_server.kill()
    await eventually(lambda: not a.link.up and not b.link.up)
    disconnect(a, BOB)
    connect(b, CAROL, 5001)
    redis_server.start()
    expected = set(range(1, 1301)) - {BOB} | {5000, 5001}
    for member in pair:

        async def right(presence: Member = member) -> bool:
            return set(await presence.presence.persons(WEB)) == expected

        await agreed(right)
    assert await a.presence.nodes_of([ALICE, BOB, CAROL]) == {ALICE: {"a", "b"}, CAROL: {"a", "b"}}
    assert told(5001, *pair) == ["came"] and told(ALICE, *pair) == ["came"]
    await eventually(lambda: told(BOB, *pair) == ["came", "went"])


async def test_a_redis_that_is_emptied_is_told_everything_anew(pair: list[Member], redis: Redis) -> None:
    """As after a fail-over to a copy that had nothing yet: no connection breaks."""
    a, b = pair
    connect(a, ALICE)
    connect(b, BOB)
    await sees(b, ALICE, BOB)
    await redis.flushall()
    for member in pair:
        await sees(member, ALICE, BOB)
    assert (told(ALICE, *pair), told(BOB, *pair)) == (["came"], ["came"])


async def test_a_redis_that_has_lost_the_last_writes_is_told_everything_anew(pair: list[Member], redis: Redis) -> None:
    """As after a fail-over to a copy that lagged behind."""
    a, b = pair
    connect(a, ALICE)
    await sees(b, ALICE)
    before = {key: await redis.dump(key) for key in await raw(redis)}
    connect(a, BOB)
    disconnect(a, ALICE)
    await sees(b, BOB)
    await redis.flushall()
    for key, value in before.items():
        await redis.restore(key, 2000 if key.startswith("im:lease:") else 0, value)
    await sees(b, BOB)
    assert await a.presence.count(WEB) == 1


async def test_a_node_may_start_before_redis_does(redis_server: RedisServer) -> None:
    redis_server.kill()
    async with members(redis_server.url, "a", "b") as cluster:
        a, b = cluster
        connect(a, ALICE)
        await sees(a, ALICE)
        await eventually(lambda: told(ALICE, a) == ["came"])
        redis_server.start()
        await sees(b, ALICE)
        assert told(ALICE, a) == ["came"]


# -- what it costs ----------------------------------------------------------------------------------------------------


async def test_a_thousand_persons_are_one_round_trip(pair: list[Member], redis: Redis) -> None:
    a, b = pair
    everybody = range(700_001, 701_001)
    connect(a, *everybody[:400])
    connect(b, *everybody[400:500])
    await sees_many(a, 500)
    # Redis has to be given each script once.
    await a.presence.online([1])
    async with redis.monitor() as monitor:
        assert await a.presence.online(everybody, WEB) == set(everybody[:500])
        await redis.echo("the end")
        asked = []
        async for line in monitor.listen():
            if "the end" in line["command"]:
                break
            if "701000" in line["command"] and line["client_type"] != "lua":
                asked.append(line["command"].split()[0])
    assert asked == ["EVALSHA"]


async def test_nothing_is_written_while_people_stay(pair: list[Member], redis: Redis) -> None:
    a, b = pair
    connect(a, *range(1, 101))
    connect(b, *range(1, 101))
    await sees_many(a, 100)
    await sees_many(b, 100)
    async with redis.monitor() as monitor:
        for member in pair:
            await member.nodes.look()
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


async def test_people_who_come_together_are_written_together(pair: list[Member], redis: Redis) -> None:
    a, _ = pair
    before = int((await redis.info("commandstats"))["cmdstat_evalsha"]["calls"])
    connect(a, *range(1, 1001))
    await sees_many(a, 1000)
    assert int((await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]) - before < 20


async def raw(redis: Redis) -> list[str]:
    return [key async for key in redis.scan_iter("im:*")]
