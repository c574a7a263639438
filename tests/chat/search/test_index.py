"""One of several nodes updates the index, and another takes over when it stops."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

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


def missing_positions() -> int:
    """Return the number of log positions that the index lacks."""
    return log.head() - SearchCursor.objects.values_list("position", flat=True).get()


def test_the_leading_node_alone_updates_the_index(group: Channel, say: Say, alice: User) -> None:
    ahead, other = Indexer(), Indexer()
    for indexer in (ahead, other):
        assert not indexer.advance(log.head())
    for _ in range(3):
        say(alice, group, "hello")
        ahead.advance(log.head())
        assert missing_positions() == 0
        say(alice, group, "more")
        other.advance(log.head())
        assert missing_positions() == 1, "both do the same work"


def test_another_node_takes_over_a_stopped_one(group: Channel, say: Say, alice: User) -> None:
    gone, other = Indexer(), Indexer()
    for indexer in (gone, other):
        indexer.advance(log.head())
    say(alice, group, "hello")
    gone.advance(log.head())
    say(alice, group, "more")
    looks = 0
    while missing_positions():
        other.advance(log.head())
        looks += 1
    assert looks == 2


def test_a_new_node_indexes_at_once(group: Channel, say: Say, alice: User) -> None:
    say(alice, group, "hello")
    Indexer().advance(log.head())
    assert missing_positions() == 0


def test_without_new_events_the_database_is_not_queried(
    group: Channel, say: Say, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    indexer = Indexer()
    indexer.advance(log.head())
    say(alice, group, "hello")
    told = log.head()
    indexer.advance(told)
    with django_assert_num_queries(0):
        assert not indexer.advance(told)
    say(alice, group, "more")
    indexer.advance(log.head())
    assert missing_positions() == 0
