"""Of several nodes one keeps the index, and another when that one is gone."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.models import Channel, SearchCursor
from chat.search.index import Indexer
from delivery import log
from tests.chat.search.conftest import Say, catch_up


@pytest.fixture
def group(alice: User) -> Channel:
    group = channel_create_group(creator=alice, name="Painters", members=[])
    catch_up()
    return group


def behind() -> int:
    """Positions of the log that the index has not taken in."""
    return log.head() - SearchCursor.objects.values_list("position", flat=True).get()


def test_the_node_that_is_ahead_keeps_on(group: Channel, say: Say, alice: User) -> None:
    ahead, other = Indexer(), Indexer()
    for indexer in (ahead, other):
        assert not indexer.advance()
    for _ in range(3):
        say(alice, group, "hello")
        ahead.advance()
        assert behind() == 0
        say(alice, group, "more")
        other.advance()
        assert behind() == 1, "both do the same work"


def test_another_goes_on_when_it_is_gone(group: Channel, say: Say, alice: User) -> None:
    gone, other = Indexer(), Indexer()
    for indexer in (gone, other):
        indexer.advance()
    say(alice, group, "hello")
    gone.advance()
    say(alice, group, "more")
    looks = 0
    while behind():
        other.advance()
        looks += 1
    assert looks == 2


def test_a_node_that_has_just_started_waits_for_nobody(group: Channel, say: Say, alice: User) -> None:
    say(alice, group, "hello")
    Indexer().advance()
    assert behind() == 0
