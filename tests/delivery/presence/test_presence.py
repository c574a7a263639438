"""Presence, whatever keeps it: one node that asks for its own people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings

from delivery.presence.base import Presence
from delivery.presence.memory import MemoryPresence
from tests.support.eventually import eventually
from tests.support.presence import Told, listen, members
from tests.support.redis import RedisServer

ALICE, BOB, OTHER_BOB = 1, 2, 3
WEB, IOS = 101, 102
HERE = "here"


@pytest_asyncio.fixture(params=["memory", "redis"])
async def presence(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Presence]:
    settings.IM_PRESENCE_GRACE = 0.01
    settings.IM_NODE_LEASE = 1.0
    if request.param == "memory":
        memory = MemoryPresence(HERE)
        await memory.start()
        yield memory
        await memory.stop()
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        async with members(server.url, HERE) as [member]:
            yield member.presence


@pytest.fixture
def told(presence: Presence) -> Told:
    return listen(presence)


async def test_only_the_first_connection_comes_and_only_the_last_one_goes(presence: Presence, told: Told) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", WEB)
    assert await presence.count(WEB) == 1
    assert told == [("came", ALICE, "alice", WEB)]
    presence.disconnect(ALICE, WEB)
    assert await presence.online([ALICE], WEB) == {ALICE}
    presence.disconnect(ALICE, WEB)
    assert await presence.online([ALICE], WEB) == await presence.online([ALICE]) == set()
    await eventually(lambda: told == [("came", ALICE, "alice", WEB), ("went", ALICE, "alice", WEB)])
    assert await presence.count(WEB) == 0


async def test_apps_are_counted_apart(presence: Presence, told: Told) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", IOS)
    presence.disconnect(ALICE, WEB)
    assert await presence.online([ALICE]) == await presence.online([ALICE], IOS) == {ALICE}
    assert await presence.online([ALICE], WEB) == set()
    assert [await presence.count(app) for app in (WEB, IOS)] == [0, 1]
    assert [await presence.persons(app) for app in (WEB, IOS)] == [{}, {ALICE: "alice"}]
    assert await presence.named("alice", WEB) == [] and await presence.named("alice", IOS) == [ALICE]
    assert ("came", ALICE, "alice", IOS) in told


async def test_guests_of_one_name_are_two_people(presence: Presence) -> None:
    presence.connect(BOB, "夏圭？", WEB)
    presence.connect(OTHER_BOB, "夏圭？", IOS)
    assert await presence.named("夏圭？") == [BOB, OTHER_BOB]
    assert await presence.named("夏圭？", IOS) == [OTHER_BOB]
    presence.disconnect(BOB, WEB)
    assert await presence.named("夏圭？") == [OTHER_BOB] and await presence.named("alice") == []


@pytest.mark.parametrize("name", ["", "a:b@c/d", "1:2:3", "名 前", "+", "-"])
async def test_any_name_is_told_and_found(presence: Presence, told: Told, name: str) -> None:
    presence.connect(ALICE, name, WEB)
    assert await presence.named(name) == [ALICE] and await presence.persons(WEB) == {ALICE: name}
    presence.disconnect(ALICE, WEB)
    await eventually(lambda: told == [("came", ALICE, name, WEB), ("went", ALICE, name, WEB)])
    assert await presence.named(name) == []


async def test_who_has_changed_their_name_bears_the_new_one(presence: Presence) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alicia", WEB)
    assert await presence.named("alicia") == [ALICE] and await presence.named("alice") == []
    presence.disconnect(ALICE, WEB)
    presence.disconnect(ALICE, WEB)
    assert await presence.named("alicia") == await presence.named("alice") == []


async def test_a_short_absence_is_not_told(presence: Presence, told: Told, settings: Settings) -> None:
    settings.IM_PRESENCE_GRACE = 60
    presence.connect(ALICE, "alice", WEB)
    assert await presence.count(WEB) == 1
    presence.disconnect(ALICE, WEB)
    assert await presence.count(WEB) == 0
    presence.connect(ALICE, "alice", WEB)
    settings.IM_PRESENCE_GRACE = 0.01
    presence.connect(BOB, "bob", WEB)
    presence.disconnect(BOB, WEB)
    presence.connect(OTHER_BOB, "bob", WEB)
    assert await presence.count(WEB) == 2
    presence.disconnect(OTHER_BOB, WEB)
    await eventually(lambda: ("went", OTHER_BOB, "bob", WEB) in told)
    assert [one for one in told if one[1] == ALICE] == [("came", ALICE, "alice", WEB)]


async def test_people_come_in_pages_by_id(presence: Presence) -> None:
    everybody = {person: f"person {person}" for person in range(1, 4501)}
    for person, name in reversed(everybody.items()):
        presence.connect(person, name, WEB)
    presence.connect(9999, "elsewhere", IOS)
    found = await presence.persons(WEB)
    assert found == everybody and list(found) == list(everybody)
    assert list(await presence.persons(WEB, limit=3)) == [1, 2, 3]
    assert list(await presence.persons(WEB, after=3, limit=2)) == [4, 5]
    assert list(await presence.persons(WEB, after=4499, limit=2)) == [4500]
    assert await presence.persons(WEB, after=4500) == await presence.persons(103) == {}
    assert await presence.persons(WEB, limit=0) == {}
    assert await presence.count(WEB) == 4500
    assert len(await presence.online(range(4000, 12_000))) == 502


async def test_the_node_of_a_person_is_known(presence: Presence) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", IOS)
    assert await presence.nodes_of([ALICE, BOB]) == {ALICE: {HERE}}
    assert await presence.nodes_of([]) == {}
