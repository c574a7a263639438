"""Presence, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from delivery.presence import Presence
from delivery.presence_memory import MemoryPresence

ALICE, BOB, OTHER_BOB = 1, 2, 3
WEB, IOS = 101, 102


@pytest.fixture(params=[MemoryPresence])
def presence(request: pytest.FixtureRequest) -> Presence:
    make: Callable[[], Presence] = request.param
    return make()


def test_only_the_first_connection_comes_and_only_the_last_one_goes(presence: Presence) -> None:
    assert presence.connect(ALICE, "alice", WEB) is True
    assert presence.connect(ALICE, "alice", WEB) is False
    assert presence.disconnect(ALICE, WEB) is False
    assert presence.online(ALICE, WEB)
    assert presence.disconnect(ALICE, WEB) is True
    assert not presence.online(ALICE, WEB) and not presence.online(ALICE)


def test_apps_are_counted_apart(presence: Presence) -> None:
    presence.connect(ALICE, "alice", WEB)
    assert presence.connect(ALICE, "alice", IOS) is True
    assert presence.disconnect(ALICE, WEB) is True
    assert presence.online(ALICE) and presence.online(ALICE, IOS) and not presence.online(ALICE, WEB)
    assert (presence.count(WEB), presence.count(IOS)) == (0, 1)
    assert presence.persons(WEB) == {} and presence.persons(IOS) == {ALICE: "alice"}


def test_guests_of_one_name_are_two_people(presence: Presence) -> None:
    presence.connect(BOB, "夏圭？", WEB)
    presence.connect(OTHER_BOB, "夏圭？", IOS)
    assert sorted(presence.named("夏圭？")) == [BOB, OTHER_BOB]
    assert presence.named("夏圭？", IOS) == [OTHER_BOB]
    presence.disconnect(BOB, WEB)
    assert presence.named("夏圭？") == [OTHER_BOB] and presence.named("alice") == []
