"""message.get, edit and recall read and change a single message."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_message_get_returns_the_item_of_the_history(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    sent = await alice.say(channel)

    [item] = (await bob.call("message.history", target=channel))["messages"]
    assert await bob.call("message.get", target=channel, id=sent["id"]) == item


@both_codecs
async def test_an_edit_replaces_the_text(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    phone = await clients.again(alice)
    sent = await alice.say(channel, "helo")

    reply = await alice.call("message.edit", target=channel, id=sent["id"], msg="hello")

    assert set(reply) == {"target", "id", "seq", "msg", "editedAt", "position"}
    assert (reply["id"], reply["seq"], reply["msg"]) == (sent["id"], sent["seq"], "hello")
    assert reply["position"] > sent["position"]
    for other in (bob, phone):
        assert (await other.push("message.edited")).data == reply
    assert not [push for push in await alice.settle() if push.cmd == "message.edited"]
    item = await bob.call("message.get", target=channel, id=sent["id"])
    assert (item["msg"], item["editedAt"]) == ("hello", reply["editedAt"])


@both_codecs
async def test_only_its_author_edits_a_message(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    sent = await bob.say(group, "mine")

    assert await alice.code("message.edit", target=group, id=sent["id"], msg="hers") == 1003
    assert (await bob.call("message.get", target=group, id=sent["id"]))["msg"] == "mine"


@pytest.mark.parametrize(
    ("text", "code"), [("", 1001), ("\u200b\u034f", 1001), ("a\0", 1001), ("x" * 8001, 1011), (5, 1001)]
)
async def test_an_edit_obeys_the_rules_of_a_message(clients: Clients, text: object, code: int) -> None:
    guest = await clients.guest()
    sent = await guest.say(guest.room)

    assert await guest.code("message.edit", target=guest.room, id=sent["id"], msg=text) == code


@both_codecs
async def test_a_recall_leaves_a_tombstone(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    sent = await alice.say(channel, "oops")

    reply = await alice.call("message.recall", target=channel, id=sent["id"])

    assert set(reply) == {"target", "id", "seq", "position"} and reply["id"] == sent["id"]
    push = (await bob.push("message.recalled")).data
    assert set(push) == {"target", "id", "seq", "by", "time", "position"}
    assert (push["id"], push["by"]) == (sent["id"], alice.as_person)
    item = await bob.call("message.get", target=channel, id=sent["id"])
    assert (item["msg"], item["recalled"], item["seq"]) == ("", True, sent["seq"])


@both_codecs
async def test_a_second_recall_changes_nothing(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    sent = await alice.say(channel, "oops")
    first = await alice.call("message.recall", target=channel, id=sent["id"])

    assert (await alice.call("message.recall", target=channel, id=sent["id"]))["id"] == first["id"]
    await bob.push("message.recalled")
    assert not [push for push in await bob.settle() if push.cmd == "message.recalled"]


async def test_a_recalled_message_cannot_be_edited(clients: Clients) -> None:
    guest = await clients.guest()
    sent = await guest.say(guest.room)
    await guest.call("message.recall", target=guest.room, id=sent["id"])

    assert await guest.code("message.edit", target=guest.room, id=sent["id"], msg="back") == 1009


async def test_owner_and_admin_can_recall_any_message_and_a_member_their_own(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    await alice.call("channel.role", target=group, member=bob.name, role="admin")

    for author, other, code in [(carol, alice, 200), (carol, bob, 200), (alice, bob, 200), (alice, carol, 1003)]:
        sent = await author.say(group)
        assert await other.code("message.recall", target=group, id=sent["id"]) == code
    for author, other in [(alice, bob), (bob, alice)]:
        private = await alice.private(bob)
        assert await other.code("message.recall", target=private, id=(await author.say(private))["id"]) == 1003


async def test_messages_of_others_in_a_global_channel_cannot_be_recalled(clients: Clients) -> None:
    guest, other = await clients.guest(), await clients.guest()
    sent = await guest.say(guest.room)

    assert await other.code("message.recall", target=guest.room, id=sent["id"]) == 1003
    assert await other.code("message.edit", target=guest.room, id=sent["id"], msg="x") == 1003
    assert await guest.code("message.recall", target=guest.room, id=sent["id"]) == 200
