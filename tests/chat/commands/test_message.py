"""message.send, history, get, edit, recall and read.mark."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.people import People, Person

pytestmark = pytest.mark.each_database

MESSAGE_KEYS = {"target", "type", "msg", "from", "fromId", "name", "avatar", "id", "seq", "time", "position"}


def channel_of(person: Person, target: str, channels: list[dict[str, Any]]) -> dict[str, Any]:
    return next(item for item in channels if item["target"] == target)


async def listed(person: Person, target: str) -> dict[str, Any]:
    return channel_of(person, target, (await person.call("channel.list"))["channels"])


# -- send -------------------------------------------------------------------------------------------------------------


async def test_alice_sends_to_bob(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    reply = await alice.call("message.send", target=channel, type="text", msg="hello 你好 👋", clientMsgId="a-1")

    assert set(reply) == {"target", "id", "seq", "time", "position"}
    assert (reply["target"], reply["seq"]) == (channel, 1)
    push = (await bob.push("msg")).data
    assert set(push) == MESSAGE_KEYS
    assert {key: push[key] for key in reply} == reply
    assert (push["msg"], push["type"], push["avatar"]) == ("hello 你好 👋", "text", "")
    assert (push["from"], push["fromId"], push["name"]) == (alice.name, alice.id, alice.nickname)


async def test_the_sender_hears_it_on_other_connections_only(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(alice, app=102)
    channel = await alice.private(bob)

    sent = await alice.say(channel)

    await phone.push("msg", id=sent["id"])
    assert not [push for push in await alice.settle() if push.cmd == "msg"]


@both_codecs
async def test_without_target_a_message_goes_to_the_apps_room(people: People) -> None:
    guest, other = await people.guest(app=102), await people.guest(app=102)
    elsewhere = await people.guest(app=101)

    sent = await guest.call("message.send", type="text", msg="hello")

    assert sent["target"] == guest.room
    await other.push("msg", id=sent["id"])
    assert not [push for push in await elsewhere.settle() if push.cmd == "msg" and push.data["id"] == sent["id"]]


async def test_line_ends_are_one_kind(people: People) -> None:
    alice, bob = await people("alice", "bob")
    await alice.say(await alice.private(bob), "one\r\ntwo")

    assert (await bob.push("msg")).data["msg"] == "one\ntwo"


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "a\0b", "\0"])
async def test_blank_and_nul_are_illegal_parameters(people: People, text: str) -> None:
    alice, bob = await people("alice", "bob")
    target = await alice.private(bob)

    assert await alice.code("message.send", target=target, type="text", msg=text) == 1001
    assert (await listed(alice, target))["lastSeq"] == 0


async def test_a_message_of_8000_characters_is_the_longest(people: People) -> None:
    alice, bob = await people("alice", "bob")
    target = await alice.private(bob)

    await alice.say(target, "马" * 8000)
    code, data = await alice.refused("message.send", target=target, type="text", msg="x" * 8001)

    assert (code, data["limit"]) == (1011, 8000)
    assert (await bob.push("msg")).data["msg"] == "马" * 8000


@pytest.mark.parametrize("type_", ["", "picture", "Text", "TEXT", "text "])
async def test_text_is_the_only_type(people: People, type_: str) -> None:
    alice, bob = await people("alice", "bob")
    target = await alice.private(bob)

    assert await alice.code("message.send", target=target, type=type_, msg="x") == 1001


async def test_the_type_may_be_absent(people: People) -> None:
    alice, bob = await people("alice", "bob")

    assert await alice.code("message.send", target=await alice.private(bob), msg="x") == 200


async def test_a_message_names_the_one_it_replies_to(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    first = await bob.say(channel, "question")

    await alice.say(channel, "answer", replyTo=first["id"])

    push = (await bob.push("msg", msg="answer")).data
    assert set(push) == MESSAGE_KEYS | {"replyTo", "replySeq"}
    assert (push["replyTo"], push["replySeq"]) == (first["id"], first["seq"])


@both_codecs
async def test_one_replies_to_what_one_may_read_in_that_channel(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    private, group = await alice.private(bob), await alice.group(bob)
    elsewhere, early = await alice.say(private), await alice.say(group)
    await alice.call("channel.invite", target=group, members=[carol.name])

    absent = await carol.refused("message.send", target=group, msg="x", replyTo="999999999")
    assert absent[0] == 1005
    assert await carol.refused("message.send", target=group, msg="x", replyTo=elsewhere["id"]) == absent
    assert await carol.refused("message.send", target=group, msg="x", replyTo=early["id"]) == absent
    assert await alice.refused("message.send", target=group, msg="x", replyTo=elsewhere["id"]) == absent


# -- once -------------------------------------------------------------------------------------------------------------


async def test_the_same_client_id_gives_the_same_answer(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    first = await alice.say(channel, "once", clientMsgId="key")
    again = await alice.say(channel, "once", clientMsgId="key")

    assert again == first
    await bob.push("msg", id=first["id"])
    assert not [push for push in await bob.settle() if push.cmd == "msg"]


async def test_the_same_client_id_on_another_connection_gives_the_same_answer(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(alice, app=102)
    channel = await alice.private(bob)

    replies = [
        await person.post("message.send", target=channel, type="text", msg=f"{person is phone}", clientMsgId="key")
        for person in (alice, phone) * 10
    ]
    answers = [(await reply).data for reply in replies]

    assert all(answer == answers[0] for answer in answers)
    assert (await listed(bob, channel))["lastSeq"] == 1
    assert [push.data["id"] for push in await bob.settle() if push.cmd == "msg"] == [answers[0]["id"]]


@both_codecs
async def test_a_client_id_is_its_senders_own(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    assert (await alice.say(channel, clientMsgId="key"))["id"] != (await bob.say(channel, clientMsgId="key"))["id"]


@both_codecs
async def test_a_client_id_used_in_another_channel_gives_the_first_answer(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    first = await alice.say(await alice.private(bob), clientMsgId="key")

    assert await alice.say(await alice.private(carol), clientMsgId="key") == first


async def test_a_refused_send_does_not_use_up_its_client_id(people: People) -> None:
    alice, bob = await people("alice", "bob")
    assert await alice.code("message.send", target="999999999", type="text", msg="x", clientMsgId="key") == 1005

    assert (await alice.say(await alice.private(bob), clientMsgId="key"))["seq"] == 1


@pytest.mark.parametrize("key", ["x" * 65, "a\0b", "a\nb", "\u202e"])
async def test_a_client_id_is_short_and_printable(people: People, key: str) -> None:
    guest = await people.guest()

    assert await guest.code("message.send", msg="x", clientMsgId=key) == 1001


async def test_without_client_id_the_same_text_is_two_messages(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    assert [(await alice.say(channel, "x", clientMsgId=key))["seq"] for key in (None, "", None)] == [1, 2, 3]


# -- who may ----------------------------------------------------------------------------------------------------------


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
async def test_to_a_stranger_and_a_guest_a_channel_does_not_exist(
    people: People, cmd: str, fields: dict[str, Any]
) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    guest = await people.guest()
    for channel in (await alice.private(bob), await alice.group(bob, join="open", listed=True), await alice.group(bob)):
        message = (await alice.say(channel))["id"]
        given = {key: message if value == "$message" else value for key, value in fields.items()}
        for person in (carol, guest):
            hidden = await person.refused(cmd, target=channel, **given)
            assert hidden == await person.refused(cmd, target="999999999", **given)
            assert hidden[0] == 1005
    assert not [push for push in await bob.settle() if push.cmd != "msg" and push.data.get("id") == message]


@pytest.mark.parametrize("cmd", ["message.get", "message.edit", "message.recall"])
async def test_a_message_is_found_in_its_own_channel_only(people: People, cmd: str) -> None:
    alice, bob = await people("alice", "bob")
    private, group = await alice.private(bob), await alice.group(bob)
    message = await alice.say(private)

    absent = await alice.refused(cmd, target=group, id="999999999", msg="x")
    assert absent[0] == 1005
    assert await alice.refused(cmd, target=group, id=message["id"], msg="x") == absent


async def test_a_room_is_for_who_is_on_its_app(people: People) -> None:
    [alice] = await people("alice")
    other = await people.guest(app=102)
    sent = await other.say(other.room)

    assert await alice.code("message.send", target=other.room, type="text", msg="x") == 1005
    assert await alice.code("message.history", target=other.room) == 1005
    assert await alice.code("message.get", target=other.room, id=sent["id"]) == 1005
    assert await other.code("message.get", target=other.room, id=sent["id"]) == 200


@pytest.mark.parametrize("target", ["", "x", "0", "-1", "1.5", " 1", "9" * 30, [], {}, True])
async def test_a_target_that_is_no_id_is_an_illegal_parameter(people: People, target: object) -> None:
    guest = await people.guest()

    for cmd in ("message.send", "message.history", "message.get", "message.recall", "read.mark"):
        assert await guest.code(cmd, target=target, msg="x", id="1", seq=1) == 1001


async def test_fields_that_a_client_may_not_set_are_ignored(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
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


# -- history ----------------------------------------------------------------------------------------------------------


async def _timeline(people: People) -> tuple[Person, str, list[int]]:
    """Alice's group with 12 messages and notes before, among and after them: who, where, all its positions."""
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    for number in range(12):
        if number in (0, 3, 4, 5, 9):
            await alice.call("channel.rename", target=group, name=f"Name {number}")
        await alice.say(group, f"{number}")
    await alice.call("channel.rename", target=group, name="The end")
    pushes = [push for push in await bob.settle() if push.cmd in ("msg", "channel.note")]
    return alice, group, sorted(push.data["position"] for push in pushes)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 12, 100])
@pytest.mark.parametrize("way", ["back", "forth"])
async def test_history_pages_have_no_overlap_and_no_hole(people: People, way: str, limit: int) -> None:
    alice, group, everything = await _timeline(people)
    seen: list[int] = []
    cursor: dict[str, int] = {} if way == "back" else {"after": 0}

    more = True
    while more:
        page = await alice.call("message.history", target=group, limit=limit, **cursor)
        messages, more = page["messages"], page["hasMore"]
        assert set(page) == {"messages", "notes", "hasMore"}
        assert len(messages) <= limit and (messages or not more)
        positions = [message["position"] for message in messages]
        assert positions == sorted(positions)
        assert [message["seq"] for message in messages] == sorted(message["seq"] for message in messages)
        seen += positions + [note["position"] for note in page["notes"]]
        if messages:
            cursor = {"before": messages[0]["seq"]} if way == "back" else {"after": messages[-1]["seq"]}

    assert sorted(seen) == everything


async def test_history_items_are_as_in_a_push(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group, "one")
    await alice.say(group, "two", replyTo=(await alice.say(group))["id"])

    page = await bob.call("message.history", target=group)

    pushes = [push for push in await bob.settle() if push.cmd in ("msg", "channel.note")]
    assert page["messages"] == [push.data for push in pushes if push.cmd == "msg"]
    assert page["notes"] == [push.data for push in pushes if push.cmd == "channel.note"]


@both_codecs
async def test_history_is_the_newest_without_a_cursor(people: People) -> None:
    alice, group, _ = await _timeline(people)

    page = await alice.call("message.history", target=group, limit=3)

    assert [message["msg"] for message in page["messages"]] == ["9", "10", "11"] and page["hasMore"] is True


async def test_an_empty_channel_has_an_empty_history(people: People) -> None:
    alice, bob = await people("alice", "bob")

    page = await alice.call("message.history", target=await alice.private(bob))

    assert page["messages"] == [] and page["hasMore"] is False
    assert [note["note"] for note in page["notes"]] == ["created"]


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": -1},
        {"limit": "many"},
        {"before": -1},
        {"before": "x"},
        {"after": 2**63},
        {"before": 1, "after": 1},
    ],
    ids=str,
)
async def test_a_bad_page_is_an_illegal_parameter(people: People, fields: dict[str, Any]) -> None:
    guest = await people.guest()

    assert await guest.code("message.history", target=guest.room, **fields) == 1001


@pytest.mark.parametrize("fields", [{"before": 2**63 - 1}, {"after": 2**63 - 1}, {"before": 0}, {"before": 1}], ids=str)
async def test_a_page_at_the_edge_is_answered(people: People, fields: dict[str, Any]) -> None:
    guest = await people.guest()

    assert await guest.code("message.history", target=guest.room, **fields) == 200


@both_codecs
async def test_long_messages_make_short_pages(people: People) -> None:
    """A page that would not fit the connection's outbox comes in parts, history and sync alike."""
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    start = (await bob.call("heartbeat"))["position"]
    await bob.close()
    # A control character is six in JSON: these are 3.6 million.
    for _ in range(75):
        await alice.say(channel, "\x01" * 8000)
    back = await people.again(bob, after=start)

    seqs: list[int] = []
    page: dict[str, Any] = {"position": start, "hasMore": True}
    while page["hasMore"]:
        page = await back.call("sync", after=page["position"])
        seqs += [event["response"]["data"]["seq"] for event in page["events"]]
    assert seqs == list(range(1, 76))

    for way in ("before", "after"):
        seqs, cursor = [], 0 if way == "after" else 76
        more = True
        while more:
            page = await back.call("message.history", target=channel, limit=100, **{way: cursor})
            numbers, more = [message["seq"] for message in page["messages"]], page["hasMore"]
            seqs = seqs + numbers if way == "after" else numbers + seqs
            cursor = numbers[-1] if way == "after" else numbers[0]
        assert seqs == list(range(1, 76))


# -- get, edit, recall ------------------------------------------------------------------------------------------------


@both_codecs
async def test_one_message_is_got_as_in_history(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    sent = await alice.say(channel)

    [item] = (await bob.call("message.history", target=channel))["messages"]
    assert await bob.call("message.get", target=channel, id=sent["id"]) == item


@both_codecs
async def test_an_edit_replaces_the_text(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    phone = await people.again(alice)
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
async def test_only_its_author_edits_a_message(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    sent = await bob.say(group, "mine")

    assert await alice.code("message.edit", target=group, id=sent["id"], msg="hers") == 1003
    assert (await bob.call("message.get", target=group, id=sent["id"]))["msg"] == "mine"


@pytest.mark.parametrize(("text", "code"), [("", 1001), ("a\0", 1001), ("x" * 8001, 1011), (5, 1001)])
async def test_an_edit_obeys_the_rules_of_a_message(people: People, text: object, code: int) -> None:
    guest = await people.guest()
    sent = await guest.say(guest.room)

    assert await guest.code("message.edit", target=guest.room, id=sent["id"], msg=text) == code


@both_codecs
async def test_a_recall_leaves_a_tombstone(people: People) -> None:
    alice, bob = await people("alice", "bob")
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
async def test_a_second_recall_changes_nothing(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    sent = await alice.say(channel, "oops")
    first = await alice.call("message.recall", target=channel, id=sent["id"])

    assert (await alice.call("message.recall", target=channel, id=sent["id"]))["id"] == first["id"]
    await bob.push("message.recalled")
    assert not [push for push in await bob.settle() if push.cmd == "message.recalled"]


async def test_a_recalled_message_is_not_edited(people: People) -> None:
    guest = await people.guest()
    sent = await guest.say(guest.room)
    await guest.call("message.recall", target=guest.room, id=sent["id"])

    assert await guest.code("message.edit", target=guest.room, id=sent["id"], msg="back") == 1009


async def test_owner_and_admin_recall_anybodys_message_a_member_only_their_own(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    await alice.call("channel.role", target=group, member=bob.name, role="admin")

    for author, other, code in [(carol, alice, 200), (carol, bob, 200), (alice, bob, 200), (alice, carol, 1003)]:
        sent = await author.say(group)
        assert await other.code("message.recall", target=group, id=sent["id"]) == code
    for author, other in [(alice, bob), (bob, alice)]:
        private = await alice.private(bob)
        assert await other.code("message.recall", target=private, id=(await author.say(private))["id"]) == 1003


async def test_in_a_room_nobody_recalls_what_others_said(people: People) -> None:
    guest, other = await people.guest(), await people.guest()
    sent = await guest.say(guest.room)

    assert await other.code("message.recall", target=guest.room, id=sent["id"]) == 1003
    assert await other.code("message.edit", target=guest.room, id=sent["id"], msg="x") == 1003
    assert await guest.code("message.recall", target=guest.room, id=sent["id"]) == 200


# -- read position and unread -----------------------------------------------------------------------------------------


@both_codecs
async def test_unread_counts_messages_and_nothing_else(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    sent = [await alice.say(group) for _ in range(5)]
    await alice.call("message.edit", target=group, id=sent[0]["id"], msg="edited")
    await alice.call("message.recall", target=group, id=sent[1]["id"])
    await alice.call("channel.rename", target=group, name="Poets")

    item = await listed(bob, group)
    assert (item["lastSeq"], item["readSeq"], item["unread"]) == (5, 0, 5)


@both_codecs
async def test_a_mark_moves_the_read_position_up_and_never_down(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    for _ in range(5):
        await alice.say(channel)

    for seq, read in [(3, 3), (1, 3), (0, 3), (4, 4), (999, 5), (2**63 - 1, 5)]:
        assert await bob.call("read.mark", target=channel, seq=seq) == {"target": channel, "readSeq": read}
        item = await listed(bob, channel)
        assert (item["readSeq"], item["unread"]) == (read, 5 - read)


@both_codecs
async def test_a_mark_reaches_ones_own_other_connections_only(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(bob, app=102)
    channel = await alice.private(bob)
    await alice.say(channel)

    await bob.call("read.mark", target=channel, seq=1)

    push = await phone.push("read.mark")
    assert (push.data, push.text) == ({"target": channel, "readSeq": 1}, "Ok")
    assert not [one for person in (alice, bob) for one in await person.settle() if one.cmd == "read.mark"]


@both_codecs
async def test_sending_moves_ones_own_read_position(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    for _ in range(3):
        await alice.say(channel)

    assert (await listed(bob, channel))["unread"] == 3
    await bob.say(channel)
    assert (await listed(bob, channel))["unread"] == 0
    item = await listed(alice, channel)
    assert (item["readSeq"], item["unread"]) == (3, 1)


async def test_what_was_said_before_joining_is_not_unread(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob)
    for _ in range(3):
        await alice.say(group)
    await alice.call("channel.invite", target=group, members=[carol.name])
    await alice.say(group)

    item = await listed(carol, group)
    assert (item["lastSeq"], item["readSeq"], item["unread"]) == (4, 3, 1)


@pytest.mark.parametrize("seq", [None, -1, "x", 1.5, 2**63, [], True])
async def test_a_mark_at_no_number_is_an_illegal_parameter(people: People, seq: object) -> None:
    guest = await people.guest()

    assert await guest.code("read.mark", target=guest.room, seq=seq) == 1001


async def test_marks_from_two_connections_end_at_the_greater(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(bob)
    channel = await alice.private(bob)
    for _ in range(20):
        await alice.say(channel)

    await asyncio.gather(
        *[await person.post("read.mark", target=channel, seq=n) for n in range(1, 21) for person in (bob, phone)]
    )

    assert (await listed(bob, channel))["readSeq"] == 20
