"""Friends, requests and blocks, as they are read."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.actions import friend_accept, friend_request, user_block, user_deactivate, user_register
from accounts.models import User
from accounts.selectors.contacts import Circle, apart, blockers_of, blocks, circle, presence_shown, readers_shown
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def carol(db: None) -> User:
    return user_register(username="carol", nickname="Carol", password=PASSWORD)


def befriend(one: User, other: User) -> None:
    friend_request(user=one, person_id=other.pk)
    friend_accept(user=other, person_id=one.pk)


def test_each_sees_friends_and_requests_from_their_side(alice: User, bob: User, carol: User) -> None:
    befriend(alice, bob)
    friend_request(user=carol, person_id=alice.pk)

    assert circle(alice) == Circle(friends=[bob], asking=[carol])
    assert circle(bob) == Circle(friends=[alice])
    assert circle(carol) == Circle(asked=[alice])


def test_friends_stand_by_how_their_names_sound(alice: User) -> None:
    names = ("Zoe", "马远", "Nina", "李唐", "Adam")
    people = [user_register(username=f"p{at}", nickname=name, password=PASSWORD) for at, name in enumerate(names)]
    for person in people:
        befriend(alice, person)

    assert [friend.nickname for friend in circle(alice).friends] == ["Adam", "李唐", "马远", "Nina", "Zoe"]


def test_whom_one_blocks_is_in_no_other_list(alice: User, bob: User, carol: User) -> None:
    befriend(alice, bob)
    friend_request(user=carol, person_id=alice.pk)
    for other in (bob, carol):
        user_block(user=alice, person_id=other.pk)

    assert circle(alice) == Circle(blocked=[bob, carol])
    assert circle(bob) == Circle(friends=[alice]) and circle(carol) == Circle(asked=[alice])


def test_the_deactivated_are_nobodys_friends(alice: User, bob: User) -> None:
    befriend(alice, bob)
    user_deactivate(user_id=bob.pk)

    assert circle(alice) == Circle()


def test_a_circle_costs_two_queries(alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    befriend(alice, bob)
    with django_assert_num_queries(2):
        circle(alice)


def test_a_block_is_of_one_side_and_parts_both(alice: User, bob: User, carol: User) -> None:
    user_block(user=alice, person_id=bob.pk)

    assert blocks(alice.pk, bob.pk) and not blocks(bob.pk, alice.pk)
    assert blockers_of(bob.pk, [alice.pk, carol.pk]) == {alice.pk}
    assert apart([alice.pk, bob.pk, carol.pk]) == {alice.pk: {bob.pk}, bob.pk: {alice.pk}}


def test_presence_is_shown_by_who_shares_it(alice: User, bob: User, carol: User) -> None:
    carol.shares_presence = False
    carol.save()

    assert presence_shown(alice, [alice, bob, carol]) == {alice.pk, bob.pk}
    assert presence_shown(carol, [alice, bob, carol]) == {alice.pk, bob.pk, carol.pk}
    user_block(user=alice, person_id=bob.pk)
    assert presence_shown(alice, [alice, bob]) == {alice.pk} and presence_shown(bob, [alice, bob]) == {bob.pk}


def test_reading_is_shown_by_who_shares_it(alice: User, bob: User, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(shares_read=False)

    assert readers_shown(alice.pk, [bob.pk, carol.pk]) == {bob.pk}
    user_block(user=bob, person_id=alice.pk)
    assert readers_shown(alice.pk, [bob.pk, carol.pk]) == set()
