"""A changed profile reaches the right users live and by `sync`, at a bounded cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.actions import (
    friend_request,
    profile_update,
    service_rename,
    system_user,
    user_block,
    user_rename,
    user_update,
)
from accounts.models import User
from chat.actions import profile_broadcast
from chat.actions.account_deletion import account_delete
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.member import member_leave
from delivery import log
from delivery.db.executors import run
from delivery.models import Event
from tests.support.group_scenario import wait_for_delivery
from tests.support.in_process import LocalClient, create_global_channel, create_users, running_node

CHANGED = "person.changed"


def change(user: User, nickname: str = "Other", status: str = "", **fields: Any) -> None:
    kept = {"language": "", "time_zone": "", "shares_read": True, "shares_presence": True}
    profile_update(user_id=user.pk, nickname=nickname, status_text=status, **kept | fields)


def received_changes(client: LocalClient) -> list[tuple[str, str, bool]]:
    """Return the received names and states, and whether they are logged."""
    news = [push.data for push in client.received if push.cmd == CHANGED]
    return [(data["who"]["name"], data["status"], "position" in data) for data in news]


def entries() -> list[tuple[int | None, list[int]]]:
    """Return channel and users of each event about a change."""
    found = log.read(0, 1000)
    return [(entry.channel, sorted(entry.user_ids)) for entry in found if entry.kind == CHANGED]


@pytest.mark.django_db(transaction=True)
async def test_a_change_reaches_groups_conversations_and_friends_live_and_by_sync() -> None:
    def scenario() -> list[User]:
        create_global_channel(), create_global_channel(102)
        alice, *others = create_users("alice", "member", "peer", "friend", "stranger")
        channel_create_group(creator=alice, name="Painters", members=["member"])
        channel_create_private(creator=others[1], other=alice)
        friend_request(user=others[2], other_id=alice.pk)
        return [alice, *others]

    alice, *others = await run(scenario)
    async with running_node() as site:
        # They are on another app, outside her app's global channel.
        own = await site.connect(alice)
        clients = [await site.connect(other, app=102) for other in others]
        positions = [client.position for client in clients]
        await run(change, alice, "Alicia", "at the lake")
        await wait_for_delivery(site, own, *clients)
        *concerned, stranger = clients
        for client in (own, *concerned):
            assert ("Alicia", "at the lake", True) in received_changes(client)
        assert not [news for news in received_changes(stranger) if news[2]]
        for client, position in zip(clients, positions, strict=True):
            synced = [event for event in await client.sync(position) if event["cmd"] == CHANGED]
            assert len(synced) == (client is not stranger)


@pytest.mark.django_db(transaction=True)
async def test_a_change_reaches_a_small_global_channel_once_and_a_large_one_never(settings: Settings) -> None:
    def scenario() -> list[User]:
        create_global_channel()
        alice, bob, enemy = create_users("alice", "bob", "enemy")
        user_block(user=enemy, other_id=alice.pk)
        return [alice, bob, enemy]

    alice, bob, enemy = await run(scenario)
    async with running_node() as site:
        own, there, apart = await site.connect(alice), await site.connect(bob), await site.connect(enemy)
        await run(change, alice, "Alicia")
        await wait_for_delivery(site, own, there, apart)
        assert received_changes(there) == [("Alicia", "", False)]
        assert received_changes(own) == [("Alicia", "", True)], "her own pages hear it from the log only"
        assert not received_changes(apart), "nobody hears of whom they block"
        settings.IM_PRESENCE_LIMIT = 2
        await run(change, alice, "Ally")
        await wait_for_delivery(site, own, there)
        assert len(received_changes(there)) == 1 and len(received_changes(own)) == 2


def test_a_change_costs_one_entry_for_each_group_and_one_for_all_users(db: None) -> None:
    alice, bob, *many = create_users("alice", "bob", *(f"member{number}" for number in range(12)))
    first = channel_create_group(creator=alice, name="Large", members=[one.username for one in many])
    second = channel_create_group(creator=bob, name="Small", members=["alice"])
    friends = [bob, *many[:3]]
    for one in many[:3]:
        friend_request(user=alice, other_id=one.pk)
    channel_create_private(creator=alice, other=bob)
    change(alice, "Alicia")
    expected = [(None, [alice.pk]), (first.pk, []), (second.pk, []), (None, sorted(one.pk for one in friends))]
    assert sorted(entries(), key=str) == sorted(expected, key=str)
    # A former member gets no more events from the group.
    member_leave(user=many[-1], channel_id=first.pk)
    change(many[-1], "Elsewhere")
    assert entries()[len(expected) :] == [(None, [many[-1].pk])]


def test_the_number_of_queries_does_not_grow_with_the_audience(db: None) -> None:
    # On SQLite, rows are inserted by statements of a power of two: 3 and 9 events by two, 2 and 16 recipients by one.
    alice, *many = create_users("alice", *(f"member{number}" for number in range(15)))

    def queries(nickname: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            change(alice, nickname)
        return len(captured)

    channel_create_group(creator=alice, name="Few", members=[many[0].username])
    channel_create_private(creator=alice, other=many[0])
    before = queries("First")
    for number in range(6):
        channel_create_group(creator=alice, name=f"Many {number}", members=[one.username for one in many])
    for one in many:
        friend_request(user=alice, other_id=one.pk)
        channel_create_private(creator=alice, other=one)
    assert queries("Second") == before


def test_a_change_beyond_the_limits_reaches_the_most_recent_channels(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_broadcast, "MAX_GROUPS", 1)
    monkeypatch.setattr(profile_broadcast, "MAX_USERS", 1)
    alice, bob, carol = create_users("alice", "bob", "carol")
    old = channel_create_group(creator=alice, name="Old")
    new = channel_create_group(creator=alice, name="New")
    type(old).objects.filter(pk=old.pk).update(active_at=1)
    for other in (bob, carol):
        private, _ = channel_create_private(creator=alice, other=other)
        type(private).objects.filter(pk=private.pk).update(active_at=other.pk)
    change(alice)
    assert entries() == [(None, [alice.pk]), (new.pk, []), (None, [carol.pk])]


@pytest.mark.parametrize("by", ["alice", "other"])
def test_a_change_does_not_cross_a_block(db: None, by: str) -> None:
    alice, other = create_users("alice", "other")
    channel_create_private(creator=alice, other=other)
    one, another = (alice, other) if by == "alice" else (other, alice)
    user_block(user=one, other_id=another.pk)
    change(alice)
    assert entries() == [(None, [alice.pk])]


def test_a_private_change_reaches_the_own_connections_only(db: None) -> None:
    alice, bob = create_users("alice", "bob")
    channel_create_private(creator=alice, other=bob)
    change(alice, alice.nickname, language="zh-hans", shares_read=False)
    assert entries() == [(None, [alice.pk])]


def test_a_name_changed_by_anyone_is_broadcast(db: None) -> None:
    alice, bob = create_users("alice", "bob")
    service = system_user()
    for one in (alice, service):
        channel_create_private(creator=bob, other=one)
    user_rename(user_id=alice.pk, nickname="By a system")
    user_update(user_id=alice.pk, nickname="By an operator", phone_number=None, email=None)
    user_update(user_id=alice.pk, nickname="By an operator", phone_number="555", email=None)
    service_rename(service_id=service.pk, nickname="The site")
    hers, its = (None, [alice.pk]), (None, [service.pk])
    assert entries() == [hers, (None, [bob.pk]), hers, (None, [bob.pk]), its, (None, [bob.pk])]


@pytest.mark.django_db(transaction=True)
async def test_users_who_saw_alice_see_a_deleted_user() -> None:
    def scenario() -> list[User]:
        create_global_channel()
        alice, member, friend, peer = create_users("alice", "member", "friend", "peer")
        channel_create_group(creator=alice, name="Painters", members=["member"])
        friend_request(user=alice, other_id=friend.pk)
        channel_create_private(creator=alice, other=peer)
        change(alice, "Alicia", "at the lake")
        return [alice, member, friend, peer]

    alice, *others = await run(scenario)
    async with running_node() as site:
        clients = [await site.connect(other) for other in others]
        await run(lambda: account_delete(user_id=alice.pk))
        await wait_for_delivery(site, *clients)
        for client in clients:
            assert ("Deleted user", "", True) in received_changes(client)
    assert not await run(lambda: Event.objects.filter(body__contains="Alicia").exists())
    assert not await run(lambda: Event.objects.filter(body__contains="at the lake").exists())
