"""`channel.notifications`: a user's setting of a channel holds on all devices."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import listed_channel
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_bob_mutes_a_group_on_all_his_devices(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob, app=102)
    group = await alice.group(bob)
    assert "notifications" not in await listed_channel(bob, group)

    changed = await bob.call("channel.notifications", target=group, muted=True)

    assert changed == {"target": group, "notifications": {"level": "default", "muted": True}}
    assert (await phone.push("notifications.changed")).data == changed
    assert (await listed_channel(phone, group))["notifications"] == changed["notifications"]
    assert (await phone.call("channel.get", target=group))["notifications"] == changed["notifications"]
    assert not [one for person in (alice, bob) for one in await person.settle() if one.cmd == "notifications.changed"]
    assert "notifications" not in await listed_channel(alice, group)


@both_codecs
async def test_level_and_mute_are_changed_one_by_one(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    for fields, shown in (
        ({"level": "mentions"}, {"level": "mentions", "muted": False}),
        ({"muted": True}, {"level": "mentions", "muted": True}),
        ({"level": "none"}, {"level": "none", "muted": True}),
        ({"level": "all", "muted": False}, {"level": "all", "muted": False}),
        ({}, {"level": "all", "muted": False}),
    ):
        assert (await bob.call("channel.notifications", target=group, **fields))["notifications"] == shown
        assert (await listed_channel(bob, group))["notifications"] == shown
    await bob.call("channel.notifications", target=group, level="default")
    assert "notifications" not in await listed_channel(bob, group)


async def test_a_guest_mutes_the_global_channel(clients: Clients) -> None:
    guest = await clients.guest()

    await guest.call("channel.notifications", target=guest.room, muted=True)

    assert (await listed_channel(guest, guest.room))["notifications"]["muted"] is True


@pytest.mark.parametrize("fields", [{"level": "loud"}, {"level": 1}, {"muted": "maybe"}])
async def test_an_unknown_level_is_an_illegal_parameter(clients: Clients, fields: dict[str, object]) -> None:
    guest = await clients.guest()

    assert await guest.code("channel.notifications", target=guest.room, **fields) == 1001
