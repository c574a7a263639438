"""message.send delivers to its audience, refuses invalid messages, and stores a retry once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import listed_channel
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database

MESSAGE_KEYS = {"target", "type", "msg", "from", "fromId", "name", "avatar", "id", "seq", "time", "position"}


# -- send -------------------------------------------------------------------------------------------------------------


async def test_alice_sends_to_bob(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    reply = await alice.call("message.send", target=channel, type="text", msg="hello 你好 👋", clientMsgId="a-1")

    assert set(reply) == {"target", "id", "seq", "time", "position"}
    assert (reply["target"], reply["seq"]) == (channel, 1)
    push = (await bob.push("msg")).data
    assert set(push) == MESSAGE_KEYS
    assert {key: push[key] for key in reply} == reply
    assert (push["msg"], push["type"], push["avatar"]) == ("hello 你好 👋", "text", "")
    assert (push["from"], push["fromId"], push["name"]) == (alice.name, alice.id, alice.nickname)


async def test_the_sender_gets_the_push_on_other_connections_only(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(alice, app=102)
    channel = await alice.private(bob)

    sent = await alice.say(channel)

    await phone.push("msg", id=sent["id"])
    assert not [push for push in await alice.settle() if push.cmd == "msg"]


@both_codecs
async def test_a_message_without_target_goes_to_the_global_channel(clients: Clients) -> None:
    guest, other = await clients.guest(app=102), await clients.guest(app=102)
    elsewhere = await clients.guest(app=101)

    sent = await guest.call("message.send", type="text", msg="hello")

    assert sent["target"] == guest.room
    await other.push("msg", id=sent["id"])
    assert not [push for push in await elsewhere.settle() if push.cmd == "msg" and push.data["id"] == sent["id"]]


async def test_line_ends_are_normalized(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    await alice.say(await alice.private(bob), "one\r\ntwo")

    assert (await bob.push("msg")).data["msg"] == "one\ntwo"


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3164\u200b", "\u202e", "a\0b", "\0"], ids=ascii)
async def test_blank_texts_and_nul_are_illegal_parameters(clients: Clients, text: str) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.private(bob)

    assert await alice.code("message.send", target=target, type="text", msg=text) == 1001
    assert (await listed_channel(alice, target))["lastSeq"] == 0


async def test_a_message_of_8000_characters_is_the_longest(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.private(bob)

    await alice.say(target, "马" * 8000)
    code, data = await alice.refused("message.send", target=target, type="text", msg="x" * 8001)

    assert (code, data["limit"]) == (1011, 8000)
    assert (await bob.push("msg")).data["msg"] == "马" * 8000


@pytest.mark.parametrize("type_", ["", "picture", "Text", "TEXT", "text "])
async def test_text_is_the_only_message_type(clients: Clients, type_: str) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.private(bob)

    assert await alice.code("message.send", target=target, type=type_, msg="x") == 1001


async def test_the_message_type_is_optional(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    assert await alice.code("message.send", target=await alice.private(bob), msg="x") == 200


async def test_a_reply_names_the_message_it_replies_to(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    first = await bob.say(channel, "question")

    await alice.say(channel, "answer", replyTo=first["id"])

    push = (await bob.push("msg", msg="answer")).data
    assert set(push) == MESSAGE_KEYS | {"replyTo", "replySeq"}
    assert (push["replyTo"], push["replySeq"]) == (first["id"], first["seq"])


@both_codecs
async def test_a_reply_needs_a_readable_message_of_that_channel(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    private, group = await alice.private(bob), await alice.group(bob)
    elsewhere, early = await alice.say(private), await alice.say(group)
    await alice.call("channel.invite", target=group, members=[carol.name])

    absent = await carol.refused("message.send", target=group, msg="x", replyTo="999999999")
    assert absent[0] == 1005
    assert await carol.refused("message.send", target=group, msg="x", replyTo=elsewhere["id"]) == absent
    assert await carol.refused("message.send", target=group, msg="x", replyTo=early["id"]) == absent
    assert await alice.refused("message.send", target=group, msg="x", replyTo=elsewhere["id"]) == absent


# -- client ids -------------------------------------------------------------------------------------------------------


async def test_a_repeated_client_id_gives_the_same_reply(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    first = await alice.say(channel, "once", clientMsgId="key")
    again = await alice.say(channel, "once", clientMsgId="key")

    assert again == first
    await bob.push("msg", id=first["id"])
    assert not [push for push in await bob.settle() if push.cmd == "msg"]


async def test_a_client_id_repeated_on_another_connection_gives_the_same_reply(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(alice, app=102)
    channel = await alice.private(bob)

    replies = [
        await person.post("message.send", target=channel, type="text", msg=f"{person is phone}", clientMsgId="key")
        for person in (alice, phone) * 10
    ]
    answers = [(await reply).data for reply in replies]

    assert all(answer == answers[0] for answer in answers)
    assert (await listed_channel(bob, channel))["lastSeq"] == 1
    assert [push.data["id"] for push in await bob.settle() if push.cmd == "msg"] == [answers[0]["id"]]


@both_codecs
async def test_a_client_id_belongs_to_its_sender(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    assert (await alice.say(channel, clientMsgId="key"))["id"] != (await bob.say(channel, clientMsgId="key"))["id"]


@both_codecs
async def test_a_client_id_used_in_another_channel_gives_the_first_reply(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    first = await alice.say(await alice.private(bob), clientMsgId="key")

    assert await alice.say(await alice.private(carol), clientMsgId="key") == first


async def test_a_refused_send_does_not_use_up_its_client_id(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    assert await alice.code("message.send", target="999999999", type="text", msg="x", clientMsgId="key") == 1005

    assert (await alice.say(await alice.private(bob), clientMsgId="key"))["seq"] == 1


@pytest.mark.parametrize("key", ["x" * 65, "a\0b", "a\nb", "\u202e"])
async def test_a_client_id_is_short_and_printable(clients: Clients, key: str) -> None:
    guest = await clients.guest()

    assert await guest.code("message.send", msg="x", clientMsgId=key) == 1001


async def test_a_repeated_text_without_client_id_is_two_messages(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    assert [(await alice.say(channel, "x", clientMsgId=key))["seq"] for key in (None, "", None)] == [1, 2, 3]


# -- permissions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cmd", "fields"),
    [
        ("message.send", {"type": "text", "msg": "x"}),
        ("message.history", {}),
        ("message.get", {"id": "$message"}),
        ("message.edit", {"id": "$message", "msg": "x"}),
        ("message.recall", {"id": "$message"}),
        ("read.mark", {"seq": 1}),
    ],
)
async def test_a_stranger_and_a_guest_are_told_a_channel_does_not_exist(
    clients: Clients, cmd: str, fields: dict[str, Any]
) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    guest = await clients.guest()
    for channel in (await alice.private(bob), await alice.group(bob, join="open", listed=True), await alice.group(bob)):
        message = (await alice.say(channel))["id"]
        given = {key: message if value == "$message" else value for key, value in fields.items()}
        for person in (carol, guest):
            hidden = await person.refused(cmd, target=channel, **given)
            assert hidden == await person.refused(cmd, target="999999999", **given)
            assert hidden[0] == 1005
    assert not [push for push in await bob.settle() if push.cmd != "msg" and push.data.get("id") == message]


@pytest.mark.parametrize("cmd", ["message.get", "message.edit", "message.recall"])
async def test_a_message_is_found_in_its_own_channel_only(clients: Clients, cmd: str) -> None:
    alice, bob = await clients("alice", "bob")
    private, group = await alice.private(bob), await alice.group(bob)
    message = await alice.say(private)

    absent = await alice.refused(cmd, target=group, id="999999999", msg="x")
    assert absent[0] == 1005
    assert await alice.refused(cmd, target=group, id=message["id"], msg="x") == absent


async def test_a_global_channel_is_for_users_on_its_app_only(clients: Clients) -> None:
    [alice] = await clients("alice")
    other = await clients.guest(app=102)
    sent = await other.say(other.room)

    assert await alice.code("message.send", target=other.room, type="text", msg="x") == 1005
    assert await alice.code("message.history", target=other.room) == 1005
    assert await alice.code("message.get", target=other.room, id=sent["id"]) == 1005
    assert await other.code("message.get", target=other.room, id=sent["id"]) == 200


@pytest.mark.parametrize("target", ["", "x", "0", "-1", "1.5", " 1", "9" * 30, [], {}, True])
async def test_an_invalid_target_is_an_illegal_parameter(clients: Clients, target: object) -> None:
    guest = await clients.guest()

    for cmd in ("message.send", "message.history", "message.get", "message.recall", "read.mark"):
        assert await guest.code(cmd, target=target, msg="x", id="1", seq=1) == 1001


async def test_fields_that_a_client_may_not_set_are_ignored(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    channel = await alice.private(bob)

    sent = await alice.say(
        channel,
        **{"from": carol.name, "fromId": carol.id, "sender": carol.id, "userId": carol.name, "seq": 77, "time": 1},
        position=1,
        id="5",
        name="Carol",
        recalled=True,
        skip=bob.id,
        origin="x",
        app=102,
    )

    push = (await bob.push("msg")).data
    assert (push["fromId"], push["from"], push["name"]) == (alice.id, alice.name, alice.nickname)
    assert (push["seq"], push["id"], push["time"]) == (1, sent["id"], sent["time"]) and push["time"] > 10**12
    assert "recalled" not in push
