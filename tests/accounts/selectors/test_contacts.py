"""Friends, requests and blocks are read together."""

from __future__ import annotations

from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.actions import friend_accept, friend_request, user_block, user_deactivate, user_register
from accounts.models import User
from accounts.selectors.contacts import (
    Contacts,
    blocked_pairs,
    blockers_among,
    contacts_of,
    has_blocked,
    presence_visible_to,
    read_receipts_visible_to,
)
from tests.support.fixtures.users import PASSWORD


def befriend(one: User, other: User) -> None:
    friend_request(user=one, other_id=other.pk)
    friend_accept(user=other, other_id=one.pk)


def test_each_user_sees_friends_and_requests_from_their_side(alice: User, bob: User, carol: User) -> None:
    befriend(alice, bob)
    friend_request(user=carol, other_id=alice.pk)

    assert contacts_of(alice) == Contacts(friends=[bob], incoming_requests=[carol])
    assert contacts_of(bob) == Contacts(friends=[alice])
    assert contacts_of(carol) == Contacts(outgoing_requests=[alice])


def test_friends_are_sorted_by_pinyin(alice: User) -> None:
    names = ("Zoe", "马远", "Nina", "李唐", "Adam")
    people = [user_register(username=f"p{at}", nickname=name, password=PASSWORD) for at, name in enumerate(names)]
    for person in people:
        befriend(alice, person)

    assert [friend.nickname for friend in contacts_of(alice).friends] == ["Adam", "李唐", "马远", "Nina", "Zoe"]


def test_a_blocked_user_is_in_no_other_list(alice: User, bob: User, carol: User) -> None:
    befriend(alice, bob)
    friend_request(user=carol, other_id=alice.pk)
    for other in (bob, carol):
        user_block(user=alice, other_id=other.pk)

    assert contacts_of(alice) == Contacts(blocked=[bob, carol])
    assert contacts_of(bob) == Contacts(friends=[alice]) and contacts_of(carol) == Contacts(outgoing_requests=[alice])


def test_deactivated_users_are_not_listed_as_friends(alice: User, bob: User) -> None:
    befriend(alice, bob)
    user_deactivate(user_id=bob.pk)

    assert contacts_of(alice) == Contacts()


def test_contacts_cost_two_queries(alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    befriend(alice, bob)
    with django_assert_num_queries(2):
        contacts_of(alice)


def test_a_block_has_one_owner_and_separates_both_users(alice: User, bob: User, carol: User) -> None:
    user_block(user=alice, other_id=bob.pk)

    assert has_blocked(alice.pk, bob.pk) and not has_blocked(bob.pk, alice.pk)
    assert blockers_among(bob.pk, [alice.pk, carol.pk]) == {alice.pk}
    assert blocked_pairs([alice.pk, bob.pk, carol.pk]) == {alice.pk: {bob.pk}, bob.pk: {alice.pk}}


def test_presence_is_visible_for_users_who_share_it(alice: User, bob: User, carol: User) -> None:
    carol.shares_presence = False
    carol.save()

    assert presence_visible_to(alice, [alice, bob, carol]) == {alice.pk, bob.pk}
    assert presence_visible_to(carol, [alice, bob, carol]) == {alice.pk, bob.pk, carol.pk}
    user_block(user=alice, other_id=bob.pk)
    assert presence_visible_to(alice, [alice, bob]) == {alice.pk} and presence_visible_to(bob, [alice, bob]) == {bob.pk}


def test_read_receipts_are_visible_for_users_who_share_them(alice: User, bob: User, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(shares_read=False)

    assert read_receipts_visible_to(alice.pk, [bob.pk, carol.pk]) == {bob.pk}
    user_block(user=bob, other_id=alice.pk)
    assert read_receipts_visible_to(alice.pk, [bob.pk, carol.pk]) == set()
