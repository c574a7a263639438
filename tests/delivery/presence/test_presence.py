"""The two implementations of presence, in memory and in Redis, give the same answers for the users of one node."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings

from delivery.presence.base import Presence
from delivery.presence.memory import MemoryPresence
from tests.support.cluster_members import IOS, WEB, PresenceChange, cluster_nodes, record_changes
from tests.support.redis import RedisServer
from tests.support.waiting import wait_until

ALICE, BOB, OTHER_BOB = 1, 2, 3
NODE = "here"


@pytest_asyncio.fixture(params=["memory", "redis"])
async def presence(request: pytest.FixtureRequest, cluster_timing: None) -> AsyncIterator[Presence]:
    if request.param == "memory":
        memory = MemoryPresence(NODE)
        await memory.start()
        yield memory
        await memory.stop()
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        async with cluster_nodes(server.url, NODE) as [node]:
            yield node.presence


@pytest.fixture
def changes(presence: Presence) -> list[PresenceChange]:
    return record_changes(presence)


async def test_alice_is_online_from_her_first_connection_until_her_last(
    presence: Presence, changes: list[PresenceChange]
) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", WEB)
    assert await presence.count_online(WEB) == 1
    assert changes == [("online", ALICE, "alice", WEB)]
    presence.disconnect(ALICE, WEB)
    assert await presence.filter_online([ALICE], WEB) == {ALICE}
    presence.disconnect(ALICE, WEB)
    assert await presence.filter_online([ALICE], WEB) == await presence.filter_online([ALICE]) == set()
    await wait_until(lambda: changes == [("online", ALICE, "alice", WEB), ("offline", ALICE, "alice", WEB)])
    assert await presence.count_online(WEB) == 0


async def test_each_app_is_counted_by_itself(presence: Presence, changes: list[PresenceChange]) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", IOS)
    presence.disconnect(ALICE, WEB)
    assert await presence.filter_online([ALICE]) == await presence.filter_online([ALICE], IOS) == {ALICE}
    assert await presence.filter_online([ALICE], WEB) == set()
    assert [await presence.count_online(app) for app in (WEB, IOS)] == [0, 1]
    assert [await presence.list_online(app) for app in (WEB, IOS)] == [{}, {ALICE: "alice"}]
    assert await presence.find_by_name("alice", WEB) == [] and await presence.find_by_name("alice", IOS) == [ALICE]
    assert ("online", ALICE, "alice", IOS) in changes


async def test_two_guests_may_share_a_name(presence: Presence) -> None:
    presence.connect(BOB, "夏圭？", WEB)
    presence.connect(OTHER_BOB, "夏圭？", IOS)
    assert await presence.find_by_name("夏圭？") == [BOB, OTHER_BOB]
    assert await presence.find_by_name("夏圭？", IOS) == [OTHER_BOB]
    presence.connect(ALICE, "alice", WEB)
    found = {"夏圭？": [BOB, OTHER_BOB], "alice": [ALICE]}
    assert await presence.find_by_names(["alice", "夏圭？", "nobody"]) == found
    assert await presence.find_by_names(["alice", "夏圭？"], IOS) == {"夏圭？": [OTHER_BOB]}
    assert await presence.find_by_names([]) == {}
    assert await presence.find_apps([BOB, OTHER_BOB]) == {WEB, IOS} and await presence.find_apps([ALICE]) == {WEB}
    assert await presence.find_apps([99]) == await presence.find_apps([]) == set()
    presence.disconnect(ALICE, WEB)
    presence.disconnect(BOB, WEB)
    assert await presence.find_by_name("夏圭？") == [OTHER_BOB] and await presence.find_by_name("alice") == []


@pytest.mark.parametrize("name", ["", "a:b@c/d", "1:2:3", "名 前", "+", "-"])
async def test_a_user_of_any_name_is_found(presence: Presence, changes: list[PresenceChange], name: str) -> None:
    presence.connect(ALICE, name, WEB)
    assert await presence.find_by_name(name) == [ALICE] and await presence.list_online(WEB) == {ALICE: name}
    presence.disconnect(ALICE, WEB)
    await wait_until(lambda: changes == [("online", ALICE, name, WEB), ("offline", ALICE, name, WEB)])
    assert await presence.find_by_name(name) == []


async def test_alice_is_found_by_her_new_name(presence: Presence) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alicia", WEB)
    assert await presence.find_by_name("alicia") == [ALICE] and await presence.find_by_name("alice") == []
    presence.disconnect(ALICE, WEB)
    presence.disconnect(ALICE, WEB)
    assert await presence.find_by_name("alicia") == await presence.find_by_name("alice") == []


async def test_a_short_absence_of_alice_causes_no_presence_change(
    presence: Presence, changes: list[PresenceChange], settings: Settings
) -> None:
    settings.IM_PRESENCE_GRACE_SECONDS = 60
    presence.connect(ALICE, "alice", WEB)
    assert await presence.count_online(WEB) == 1
    presence.disconnect(ALICE, WEB)
    assert await presence.count_online(WEB) == 0
    presence.connect(ALICE, "alice", WEB)
    settings.IM_PRESENCE_GRACE_SECONDS = 0.01
    presence.connect(BOB, "bob", WEB)
    presence.disconnect(BOB, WEB)
    presence.connect(OTHER_BOB, "bob", WEB)
    assert await presence.count_online(WEB) == 2
    presence.disconnect(OTHER_BOB, WEB)
    await wait_until(lambda: ("offline", OTHER_BOB, "bob", WEB) in changes)
    assert [one for one in changes if one[1] == ALICE] == [("online", ALICE, "alice", WEB)]


async def test_online_users_are_listed_in_pages_by_id(presence: Presence) -> None:
    names = {user_id: f"user {user_id}" for user_id in range(1, 4501)}
    for user_id, name in reversed(names.items()):
        presence.connect(user_id, name, WEB)
    presence.connect(9999, "elsewhere", IOS)
    found = await presence.list_online(WEB)
    assert found == names and list(found) == list(names)
    assert list(await presence.list_online(WEB, limit=3)) == [1, 2, 3]
    assert list(await presence.list_online(WEB, after=3, limit=2)) == [4, 5]
    assert list(await presence.list_online(WEB, after=4499, limit=2)) == [4500]
    assert await presence.list_online(WEB, after=4500) == await presence.list_online(103) == {}
    assert await presence.list_online(WEB, limit=0) == {}
    assert await presence.count_online(WEB) == 4500
    assert len(await presence.filter_online(range(4000, 12_000))) == 502


async def test_the_node_of_a_user_is_found(presence: Presence) -> None:
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", IOS)
    assert await presence.find_nodes([ALICE, BOB]) == {ALICE: {NODE}}
    assert await presence.find_nodes([]) == {}


async def test_alice_is_away_while_all_her_connections_are(presence: Presence) -> None:
    told: list[int] = []
    presence.on_away = told.append
    presence.connect(ALICE, "alice", WEB)
    presence.connect(ALICE, "alice", IOS)
    presence.connect(BOB, "bob", WEB)
    presence.set_away(ALICE, is_away=True)
    assert await presence.filter_away([ALICE, BOB]) == set()
    presence.set_away(ALICE, is_away=True)
    assert await presence.filter_away([ALICE, BOB, OTHER_BOB]) == {ALICE}
    await wait_until(lambda: ALICE in told)
    presence.connect(ALICE, "alice", WEB)
    assert await presence.filter_away([ALICE]) == set()
    presence.disconnect(ALICE, WEB)
    assert await presence.filter_away([ALICE]) == {ALICE}
    presence.disconnect(ALICE, WEB, was_away=True)
    told.clear()
    presence.set_away(ALICE, is_away=False)
    assert await presence.filter_away([ALICE]) == set()
    await wait_until(lambda: ALICE in told)
    presence.disconnect(ALICE, IOS)
    assert await presence.filter_away([ALICE]) == await presence.filter_online([ALICE]) == set()
