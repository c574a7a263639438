"""Users block and unblock others, and only the blocker is notified."""

from __future__ import annotations

import pytest
from django.test import override_settings

from accounts.actions import guest_create, system_user, user_block, user_register, user_unblock
from accounts.errors import BlockRefused, NoSuchUser
from accounts.models import Block, User
from accounts.selectors.contacts import has_blocked
from delivery.models import Event, EventRecipient
from tests.support.fixtures.users import PASSWORD
from tests.support.refusals import refused_for


def event_kinds(user: User) -> list[str]:
    positions = EventRecipient.objects.filter(user_id=user.pk).values("position")
    return list(Event.objects.filter(position__in=positions).order_by("position").values_list("kind", flat=True))


def test_alice_blocks_bob_without_notifying_him(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)
    user_block(user=alice, other_id=bob.pk)

    assert has_blocked(alice.pk, bob.pk) and Block.objects.count() == 1
    assert event_kinds(alice) == ["person.blocked"] and event_kinds(bob) == []


def test_a_blocked_user_is_marked_as_restricted(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)

    bob.refresh_from_db()
    alice.refresh_from_db()
    assert bob.is_restricted and not alice.is_restricted


def test_alice_unblocks_bob(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)
    user_unblock(user=alice, other_id=bob.pk)
    user_unblock(user=alice, other_id=bob.pk)

    assert not has_blocked(alice.pk, bob.pk)
    assert event_kinds(alice) == ["person.blocked", "person.unblocked"] and event_kinds(bob) == []


def test_bob_cannot_remove_alices_block(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)
    user_unblock(user=bob, other_id=alice.pk)

    assert has_blocked(alice.pk, bob.pk)


def test_alice_cannot_block_herself_services_guests_or_unknown_users(alice: User) -> None:
    for person in (alice.pk, system_user().pk):
        with pytest.raises(BlockRefused):
            user_block(user=alice, other_id=person)
    for person in (guest_create(name="a guest").pk, 10**9):
        with pytest.raises(NoSuchUser):
            user_block(user=alice, other_id=person)
    assert Block.objects.count() == 0


@override_settings(IM_MAX_BLOCKS_PER_USER=1)
def test_blocks_have_a_limit(alice: User, bob: User) -> None:
    carol = user_register(username="carol", password=PASSWORD)
    user_block(user=alice, other_id=bob.pk)
    with refused_for(BlockRefused, "block_limit_reached"):
        user_block(user=alice, other_id=carol.pk)
