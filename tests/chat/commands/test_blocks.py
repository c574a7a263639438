"""`person.block` and `person.unblock`, and the effect of a block on other commands."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.contacts import befriend, block, contact_lists
from tests.support.protobuf_client import ProtobufClient
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


async def test_a_blocked_user_cannot_start_a_private_channel(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    await block(alice, bob)

    refusal = await bob.refusal("channel.create", kind="private", members=[alice.name])
    assert refusal == (1003, "cannot_message_user")
    refusal = await alice.refusal("channel.create", kind="private", members=[bob.name])
    assert refusal == (1003, "blocked_by_you")


@both_codecs
async def test_a_blocked_user_reads_the_old_private_channel_but_cannot_write(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await bob.private(alice)
    await bob.say(channel, "before")
    await block(alice, bob)

    said = (await alice.call("message.history", target=channel))["messages"][0]["id"]
    for cmd, fields in (
        ("message.send", {"msg": "after"}),
        ("message.send", {"msg": "after", "threadId": said}),
        ("message.edit", {"id": said, "msg": "after"}),
        ("message.pin", {"id": said}),
        ("message.unpin", {"id": said}),
        ("message.react", {"id": said, "emoji": "👍"}),
        ("message.unreact", {"id": said, "emoji": "👍"}),
    ):
        assert await bob.refusal(cmd, target=channel, **fields) == (1003, "cannot_message_user"), cmd
    assert await bob.private(alice) == channel
    for person in (alice, bob):
        page = await person.call("message.history", target=channel)
        assert [message["msg"] for message in page["messages"]] == ["before"]
    await alice.call("person.unblock", userId=bob.name)
    await bob.say(channel, "again")


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
async def test_a_blocked_user_cannot_write_over_protobuf(clients: Clients, shared_site: SharedSite, old: bool) -> None:
    alice, bob = await clients("alice", "bob")
    if old:
        await bob.private(alice)
    await block(alice, bob)
    phone = await ProtobufClient.connect(shared_site.site.acc.replace("/acc", "/ws"), int(bob.id))
    try:
        await phone.login(bob.token, sync=0)
        ack = await phone.send("single", int(alice.id), "are you there?")
        assert (ack.code, ack.type) == (1003, 0)
        await alice.call("person.unblock", userId=bob.name)
        assert (await phone.send("single", int(alice.id), "are you there?")).code == 200
    finally:
        await phone.close()
    assert (await alice.push("msg")).data["msg"] == "are you there?"


async def test_a_blocked_user_cannot_add_the_blocker_to_a_group(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    await block(alice, bob)

    assert await bob.code("channel.create", kind="public", name="Trap", members=[alice.name, carol.name]) == 1003
    group = await bob.group(carol)
    code, data = await bob.refused("channel.invite", target=group, members=[carol.name, alice.name])
    assert (code, data) == (1003, {"error": f"You cannot add {alice.name}.", "userId": alice.name})
    assert (await carol.call("channel.invite", target=group, members=[alice.name]))["added"] == [alice.as_person]


@both_codecs
async def test_a_block_is_pushed_to_alices_other_connections_only(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(alice)
    await block(alice, bob)

    assert (await phone.push("person.blocked")).data["who"] == bob.as_person
    assert not [push for push in await bob.settle() if push.cmd.startswith("person.")]
    assert (await contact_lists(alice), await contact_lists(bob)) == ({"blocked": [bob.name]}, {})
    await alice.call("person.unblock", userId=bob.name)
    await phone.push("person.unblocked")
    assert await contact_lists(alice) == {}


async def test_a_block_hides_both_users_from_each_others_lists(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await carol.group(alice, bob)
    await befriend(alice, bob)
    await block(alice, bob)

    for one, other in ((alice, bob), (bob, alice)):
        online = {item["id"] for item in (await one.call("presence.list"))["online"]}
        assert other.id not in online and {one.id, carol.id} <= online
        members = (await one.call("channel.members", target=group))["members"]
        assert {member["id"] for member in members if member["online"]} == {one.id, carol.id}
    [friend] = (await bob.call("friend.list"))["friends"]
    assert friend["online"] is False
    assert bob.id not in [item["id"] for item in (await alice.call("person.search", q=bob.name))["persons"]]
    # Others find the user first.
    assert (await carol.call("person.search", q=bob.name))["persons"][0]["id"] == bob.id
    assert alice.id in [item["id"] for item in (await bob.call("person.search", q=alice.name))["persons"]]


async def test_a_blocked_user_gets_no_presence_pushes(clients: Clients) -> None:
    bob, carol = await clients("bob", "carol")
    (alice,) = await clients("alice")
    for one in (bob, carol):
        await one.push("enter", fromId=alice.id)
    await block(alice, bob)
    await alice.close()
    await carol.push("exit", fromId=alice.id)
    await clients.again(alice)
    await carol.push("enter", fromId=alice.id)

    assert not [
        push for push in await bob.settle() if push.cmd in ("exit", "enter") and push.data["fromId"] == alice.id
    ]
