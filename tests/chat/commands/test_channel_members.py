"""channel.join, leave, invite and remove change the members of a group."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import ABSENT_CHANNEL, CHANNEL_KEYS, members_of, next_note
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_carol_joins_an_open_group(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    group = await alice.group(join="open", listed=True)

    reply = await carol.call("channel.join", target=group)

    assert set(reply) == CHANNEL_KEYS | {"memberCount"} and reply["role"] == "member"
    heard = await next_note(alice, "joined")
    assert (heard["by"], heard["who"]) == (carol.as_person, [carol.as_person])
    assert await next_note(carol, "joined") == heard


async def test_joining_twice_changes_nothing(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    group = await alice.group(join="open")

    first, second = await carol.post("channel.join", target=group), await carol.post("channel.join", target=group)
    assert ((await first).code, (await second).code) == (200, 200)
    await next_note(alice, "joined")
    assert not [push for push in await alice.settle() if push.cmd == "channel.note" and push.data["note"] == "joined"]


@both_codecs
async def test_only_open_groups_can_be_joined(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    absent = await carol.refused("channel.join", target=ABSENT_CHANNEL)
    assert absent[0] == 1005
    targets = [await alice.private(bob), carol.room]
    targets += [await alice.group(bob, join=join, listed=True) for join in ("invite", "closed")]

    for target in targets:
        assert await carol.refused("channel.join", target=target) == absent


async def test_a_leaving_member_gets_the_event_and_then_no_more(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group, "before")

    assert await bob.call("channel.leave", target=group) == {"target": group}
    await alice.say(group, "after")

    left = await next_note(bob, "left")
    assert (left["by"], left["who"]) == (bob.as_person, [bob.as_person])
    heard = [push.data.get("msg") for push in await bob.settle() if push.cmd == "msg"]
    assert heard == ["before"]
    assert await next_note(alice, "left") == left
    assert group not in [item["target"] for item in (await bob.call("channel.list"))["channels"]]


@both_codecs
async def test_the_oldest_admin_becomes_owner_when_the_last_owner_leaves(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    await alice.call("channel.role", target=group, member=carol.name, role="admin")

    await alice.call("channel.leave", target=group)

    heard = [await next_note(bob, "role"), await next_note(bob, "role")][-1]
    assert (heard["who"], heard["value"]) == ([carol.as_person], "owner")
    assert await members_of(bob, group) == {bob.name: "member", carol.name: "owner"}


@both_codecs
async def test_private_and_global_channels_cannot_be_left_or_changed(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    for target in (await alice.private(bob), alice.room):
        for cmd, fields in [
            ("channel.leave", {}),
            ("channel.invite", {"members": [bob.name]}),
            ("channel.remove", {"member": bob.name}),
            ("channel.rename", {"name": "Mine"}),
            ("channel.role", {"member": bob.name, "role": "admin"}),
            ("channel.policy", {"join": "open"}),
        ]:
            assert await alice.code(cmd, target=target, **fields) == 1003


async def test_bob_invites_carol(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob)

    reply = await bob.call("channel.invite", target=group, members=[carol.name, alice.name])

    assert reply == {"target": group, "added": [carol.as_person]}
    heard = await next_note(carol, "invited")
    assert (heard["target"], heard["by"], heard["who"]) == (group, bob.as_person, [carol.as_person])
    await alice.say(group, "welcome")
    await carol.push("msg", msg="welcome")


async def test_an_invitation_reaches_every_connection_of_the_invited_user(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob, app=102)
    group = await alice.group()

    await alice.call("channel.invite", target=group, members=[bob.name])
    await alice.say(group, "welcome")

    for connection in (bob, phone):
        pushes = [await connection.push(None, lambda data: data["target"] == group) for _ in range(2)]
        assert [push.cmd for push in pushes] == ["channel.note", "msg"]


async def test_an_invitation_with_an_unknown_name_adds_no_member(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    guest = await clients.guest()
    group = await alice.group()

    for name in ("nobody-of-that-name", guest.name, "a\0b"):
        assert await alice.code("channel.invite", target=group, members=[bob.name, name]) == 1005
    assert await members_of(alice, group) == {alice.name: "owner"}


@both_codecs
async def test_only_owner_and_admins_can_invite_to_a_closed_group(clients: Clients) -> None:
    alice, bob, carol, dave = await clients("alice", "bob", "carol", "dave")
    group = await alice.group(bob, carol, join="closed")
    await alice.call("channel.role", target=group, member=bob.name, role="admin")

    assert await carol.code("channel.invite", target=group, members=[dave.name]) == 1003
    assert await bob.code("channel.invite", target=group, members=[dave.name]) == 200


@pytest.mark.parametrize(
    ("actor", "victim", "code"),
    [
        ("owner", "owner", 1003),
        ("owner", "admin", 200),
        ("owner", "member", 200),
        ("admin", "owner", 1003),
        ("admin", "admin2", 1003),
        ("admin", "member", 200),
        ("member", "member2", 1003),
        ("member", "owner", 1003),
    ],
)
async def test_members_can_remove_members_of_lower_rank_only(
    clients: Clients, actor: str, victim: str, code: int
) -> None:
    owner, admin, admin2, member, member2 = await clients("alice", "bob", "bob", "carol", "carol")
    roles = {"owner": owner, "admin": admin, "admin2": admin2, "member": member, "member2": member2}
    group = await owner.group(admin, admin2, member, member2)
    for person in (admin, admin2):
        await owner.call("channel.role", target=group, member=person.name, role="admin")

    assert await roles[actor].code("channel.remove", target=group, member=roles[victim].name) == code

    gone = code == 200
    assert (roles[victim].name in await members_of(owner, group)) is not gone
    if gone:
        assert (await next_note(roles[victim], "removed"))["by"] == roles[actor].as_person
        assert await roles[victim].code("channel.get", target=group) == 1005


@pytest.mark.parametrize("name", ["nobody-of-that-name", "a\0b", "' OR 1=1", "马"])
async def test_removing_or_promoting_a_missing_member_is_no_data(clients: Clients, name: str) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group()

    for other in (name, bob.name):
        assert await alice.code("channel.remove", target=group, member=other) == 1005
        assert await alice.code("channel.role", target=group, member=other, role="admin") == 1005
