"""channel.create makes groups, and one private channel for two users."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import CHANNEL_KEYS, members_of, next_note
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_alice_creates_a_group_and_its_members_are_notified(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    reply = await alice.call("channel.create", kind="public", name="Painters", members=[bob.name])

    assert set(reply) == CHANNEL_KEYS | {"memberCount"}
    assert reply["role"] == "owner" and reply["lastSeq"] == 0
    heard = await next_note(bob, "created")
    assert (heard["target"], heard["value"]) == (reply["target"], "Painters")
    assert (heard["by"], heard["who"]) == (alice.as_person, [bob.as_person])
    assert (await bob.call("channel.get", target=reply["target"]))["role"] == "member"


async def test_an_unnamed_group_is_named_after_its_members(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")

    group = await alice.group(bob, carol, name="")

    in_order = sorted((alice, bob, carol), key=lambda one: int(one.id))
    expected = ", ".join(one.nickname for one in in_order)
    assert (await carol.call("channel.get", target=group))["name"] == expected


async def test_the_name_of_a_large_unnamed_group_ends_with_a_count(clients: Clients) -> None:
    alice, *others = await clients("alice", "bob", "bob", "carol", "carol", "dave")

    group = await alice.group(*others, name="")

    assert (await alice.call("channel.get", target=group))["name"].endswith(" +2")


async def test_the_creator_and_repeated_members_are_added_once(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    group = await alice.group(bob, bob, alice)

    assert await members_of(alice, group) == {alice.name: "owner", bob.name: "member"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "public"}, 1001),
        ({"kind": "public", "name": "", "members": []}, 1001),
        ({"kind": "public", "name": "x" * 65}, 1001),
        ({"kind": "public", "name": " x"}, 1001),
        ({"kind": "public", "name": "a\u202eb"}, 1001),
        ({"kind": "public", "name": "a\0b"}, 1001),
        ({"kind": "public", "name": 5}, 1001),
        ({"kind": "public", "name": "x", "members": "bob"}, 1001),
        ({"kind": "public", "name": "x", "members": [5]}, 1001),
        ({"kind": "public", "name": "x", "members": [""]}, 1001),
        ({"kind": "public", "name": "x", "members": ["nobody-of-that-name"]}, 1005),
        ({"kind": "public", "name": "x", "members": ["a\0b"]}, 1005),
        ({"kind": "public", "name": "x", "join": "anyone"}, 1001),
        ({"kind": "public", "name": "x", "listed": "perhaps"}, 1001),
        ({"kind": "global", "name": "x"}, 1001),
        ({"kind": "private"}, 1001),
        ({"kind": "private", "members": []}, 1001),
        ({"kind": "private", "members": ["nobody-of-that-name"]}, 1005),
        ({"kind": "private", "members": ["a", "b"]}, 1001),
        ({"members": ["a"]}, 1001),
    ],
    ids=str,
)
async def test_an_invalid_channel_is_not_created(clients: Clients, fields: dict[str, Any], code: int) -> None:
    [alice] = await clients("alice")

    assert await alice.code("channel.create", **fields) == code
    assert len((await alice.call("channel.list"))["channels"]) == 1


async def test_a_listed_group_needs_a_name(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    assert await alice.code("channel.create", kind="public", members=[bob.name], listed=True) == 1001


async def test_a_private_channel_exists_once(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    first = await alice.call("channel.create", kind="private", members=[bob.name])
    again = await bob.call("channel.create", kind="private", members=[alice.name.upper()])

    assert set(first) == CHANNEL_KEYS | {"peer", "peerReadSeq"}
    assert again["target"] == first["target"] and again["existed"] is True


@both_codecs
async def test_a_private_channel_created_by_both_at_once_exists_once(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob)

    replies = [
        await person.post("channel.create", kind="private", members=[other.name])
        for person, other in [(alice, bob), (bob, alice), (phone, alice)]
    ]
    answers = [(await reply).data for reply in replies]

    assert len({answer["target"] for answer in answers}) == 1
    assert sum("existed" not in answer for answer in answers) == 1
    await next_note(alice, "created")
    assert not [push for push in await alice.settle() if push.cmd == "channel.note"]


async def test_a_private_channel_with_oneself_or_a_guest_is_refused(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest()

    assert await alice.code("channel.create", kind="private", members=[alice.name]) == 1001
    assert await alice.code("channel.create", kind="private", members=[guest.name]) == 1005


async def test_fields_that_a_client_may_not_set_are_ignored(clients: Clients) -> None:
    [alice] = await clients("alice")

    made = await alice.call(
        "channel.create",
        {"kind": "public", "name": "x", "id": "1", "target": "1", "lastSeq": 9, "closed": True, "app": 101},
        pair="1:2",
    )

    assert made["target"] != "1" and made["lastSeq"] == 0 and made["closed"] is False and "appId" not in made
