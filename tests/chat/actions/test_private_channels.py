"""Private channels of many pairs are created in one call, each once, also under concurrent calls."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from accounts.models import Block, User
from chat.actions import private_channels
from chat.actions.channel import channel_create_private
from chat.actions.private_channels import private_channels_open
from chat.errors import ChatError
from chat.models import Channel, Membership
from delivery.models import Event
from tests.support.in_process import create_guest, create_users, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> User:
    return User.objects.create_user("shop", kind=User.Kind.SERVICE)


def test_existing_channels_are_found_and_others_created(shop: User) -> None:
    alice, bob = create_users("alice", "bob")
    known, _ = channel_create_private(creator=alice, other=shop)
    found = private_channels_open(pairs=[(shop, alice), (shop, bob)])
    assert found[shop.pk, alice.pk] == known.pk
    made = Channel.objects.get(pk=found[shop.pk, bob.pk])  # type: ignore[misc]
    assert made.kind == "private" and made.pair == f"{min(shop.pk, bob.pk)}:{max(shop.pk, bob.pk)}"
    stays = Membership.objects.filter(channel=made, until_position=None)
    event = Event.objects.get(channel=made.pk)
    assert {membership.user for membership in stays} == {shop, bob}
    assert {membership.from_position for membership in stays} == {event.position}
    say(shop, made)
    assert private_channels_open(pairs=[(shop, alice), (bob, shop)]) == {
        (shop.pk, alice.pk): known.pk,
        (bob.pk, shop.pk): made.pk,
    }


def test_an_invalid_pair_is_refused_without_affecting_others(shop: User) -> None:
    alice, bob, carol, dave = create_users("alice", "bob", "carol", "dave")
    Block.objects.create(blocker=bob, blocked=shop)
    User.objects.filter(pk=carol.pk).update(is_active=False)
    visitor = create_guest("夏圭？")
    found = private_channels_open(pairs=[(shop, one) for one in (alice, bob, carol, shop)] + [(visitor, dave)])
    codes = {pair: one.code.number for pair, one in found.items() if isinstance(one, ChatError)}
    assert codes == {
        (shop.pk, bob.pk): 1003,
        (shop.pk, carol.pk): 1005,
        (shop.pk, shop.pk): 1001,
        (visitor.pk, dave.pk): 1003,
    }
    assert Channel.objects.count() == 1


def test_both_orders_of_a_pair_are_one_channel(shop: User) -> None:
    (alice,) = create_users("alice")
    found = private_channels_open(pairs=[(shop, alice), (alice, shop)])
    assert found[shop.pk, alice.pk] == found[alice.pk, shop.pk]
    assert Channel.objects.count() == 1


def test_many_channels_are_created_in_several_transactions(shop: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_channels, "CHANNELS_PER_TRANSACTION", 3)
    crowd = create_users(*(f"person-{number}" for number in range(8)))
    found = private_channels_open(pairs=[(shop, one) for one in crowd])
    assert len(set(map(str, found.values()))) == 8 == Channel.objects.count()


def test_two_services_create_the_same_channels_in_crossed_order(shop: User) -> None:
    """Concurrent calls for the same channels wait for each other without a deadlock."""
    crowd = create_users(*(f"person-{number}" for number in range(20)))
    results: list[object] = []

    def make(backwards: bool) -> None:
        try:
            pairs = [(shop, one) if not backwards else (one, shop) for one in crowd]
            found = private_channels_open(pairs=pairs[::-1] if backwards else pairs)
            results.append(sorted(found.values()))  # type: ignore[type-var]
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=make, args=(number % 2 == 1,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [results[0]] * 4
    assert Channel.objects.count() == 20
    assert Membership.objects.count() == 40
