"""Friend requests are sent, accepted, declined and withdrawn, and friendships end."""

from __future__ import annotations

import pytest
from django.test import override_settings

from accounts.actions import (
    friend_accept,
    friend_decline,
    friend_remove,
    friend_request,
    guest_create,
    system_user,
    user_block,
    user_deactivate,
    user_register,
    user_unblock,
)
from accounts.errors import FriendRequestRefused, NoSuchFriend, NoSuchUser
from accounts.models import User
from accounts.selectors.contacts import Contacts, contacts_of
from delivery.models import Event, EventRecipient
from tests.support.fixtures.users import PASSWORD
from tests.support.refusals import refused_for


def event_kinds(user: User) -> list[str]:
    """Return the kinds of events addressed to a user, oldest first."""
    positions = EventRecipient.objects.filter(user_id=user.pk).values("position")
    kinds = Event.objects.filter(position__in=positions, kind__startswith="friend.").order_by("position")
    return list(kinds.values_list("kind", flat=True))


def test_alice_sends_a_request_and_bob_accepts(alice: User, bob: User) -> None:
    friend_request(user=alice, other_id=bob.pk)
    friend_accept(user=bob, other_id=alice.pk)
    friend_accept(user=bob, other_id=alice.pk)

    assert contacts_of(alice).friends == [bob] and contacts_of(bob).friends == [alice]
    assert event_kinds(alice) == event_kinds(bob) == ["friend.requested", "friend.accepted"]


def test_alice_cannot_accept_her_own_request(alice: User, bob: User) -> None:
    friend_request(user=alice, other_id=bob.pk)
    with pytest.raises(NoSuchFriend):
        friend_accept(user=alice, other_id=bob.pk)

    assert contacts_of(alice) == Contacts(outgoing_requests=[bob])


def test_bob_declines_and_alice_can_ask_again(alice: User, bob: User) -> None:
    friend_request(user=alice, other_id=bob.pk)
    friend_decline(user=bob, other_id=alice.pk)

    assert contacts_of(alice) == contacts_of(bob) == Contacts()
    assert event_kinds(alice) == event_kinds(bob) == ["friend.requested", "friend.removed"]
    friend_request(user=alice, other_id=bob.pk)


def test_only_the_recipient_can_decline_a_request(alice: User, bob: User) -> None:
    friend_request(user=alice, other_id=bob.pk)
    with pytest.raises(NoSuchFriend):
        friend_decline(user=alice, other_id=bob.pk)
    friend_accept(user=bob, other_id=alice.pk)
    with pytest.raises(NoSuchFriend):
        friend_decline(user=bob, other_id=alice.pk)


def test_either_friend_can_end_a_friendship(alice: User, bob: User) -> None:
    for one, other in ((alice, bob), (bob, alice)):
        friend_request(user=alice, other_id=bob.pk)
        friend_accept(user=bob, other_id=alice.pk)
        friend_remove(user=one, other_id=other.pk)
        assert contacts_of(alice) == contacts_of(bob) == Contacts()


def test_alice_withdraws_her_request_but_not_bobs(alice: User, bob: User) -> None:
    friend_request(user=alice, other_id=bob.pk)
    with pytest.raises(NoSuchFriend):
        friend_remove(user=bob, other_id=alice.pk)
    friend_remove(user=alice, other_id=bob.pk)

    assert contacts_of(bob) == Contacts()


def test_a_friendship_that_does_not_exist_cannot_be_changed(alice: User, bob: User) -> None:
    for action in (friend_accept, friend_decline, friend_remove):
        for person in (bob.pk, alice.pk, 10**9):
            with pytest.raises(NoSuchFriend):
                action(user=alice, other_id=person)


def test_a_deactivated_friend_can_be_removed(alice: User, bob: User) -> None:
    friend_request(user=alice, other_id=bob.pk)
    friend_accept(user=bob, other_id=alice.pk)
    user_deactivate(user_id=bob.pk)

    friend_remove(user=alice, other_id=bob.pk)


def test_guests_and_services_cannot_be_friends(alice: User) -> None:
    for other in (guest_create(name="a guest"), system_user()):
        with pytest.raises(NoSuchUser):
            friend_request(user=alice, other_id=other.pk)


def test_a_request_to_a_user_who_blocked_alice_is_stored_silently(alice: User, bob: User) -> None:
    user_block(user=bob, other_id=alice.pk)
    friend_request(user=alice, other_id=bob.pk)

    assert event_kinds(alice) == ["friend.requested"] and event_kinds(bob) == []
    assert contacts_of(alice) == Contacts(outgoing_requests=[bob]) and contacts_of(bob) == Contacts(blocked=[alice])
    user_unblock(user=bob, other_id=alice.pk)
    assert contacts_of(bob) == Contacts(incoming_requests=[alice])


def test_alice_cannot_send_a_request_to_a_user_she_blocks(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)
    with refused_for(FriendRequestRefused, "friend_blocked"):
        friend_request(user=alice, other_id=bob.pk)


@override_settings(IM_MAX_FRIENDS_PER_USER=1)
def test_friends_and_requests_have_a_limit(alice: User, bob: User) -> None:
    carol = user_register(username="carol", password=PASSWORD)
    friend_request(user=alice, other_id=bob.pk)
    with refused_for(FriendRequestRefused, "friend_limit_reached"):
        friend_request(user=alice, other_id=carol.pk)
    # Incoming requests do not count towards the recipient's limit.
    friend_request(user=carol, other_id=alice.pk)
