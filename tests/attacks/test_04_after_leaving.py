"""Attack 4: a user reads on after leaving or being removed. No live event and no history beyond the policy is
delivered.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database


async def end_membership(way: str, alice: UserClient, bob: UserClient, group: str) -> None:
    """Let Bob leave, or let Alice remove him."""
    if way == "leaves":
        await bob.call("channel.leave", target=group)
    else:
        await alice.call("channel.remove", target=group, member=bob.name)


@pytest.mark.parametrize("way", ["leaves", "is removed"])
@pytest.mark.parametrize("join", ["open", "invite", "closed"])
async def test_a_former_member_gets_no_more_events(clients: Clients, way: str, join: str) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    phone = await clients.again(bob, app=102)
    group = await alice.group(bob, carol, join=join)
    old = await alice.say(group, "old")
    start = (await bob.call("heartbeat"))["position"]

    await end_membership(way, alice, bob, group)
    await bob.settle()
    await phone.settle()
    await alice.say(group, "secret", replyTo=old["id"])
    await alice.call("message.edit", target=group, id=old["id"], msg="secret edit")
    await alice.call("channel.rename", target=group, name="secret name")
    await carol.call("channel.leave", target=group)
    await alice.call("message.recall", target=group, id=old["id"])

    for connection in (bob, phone):
        assert not [one for one in await connection.settle() if one.data.get("target") == group]
    reply = await bob.call("sync", after=start)
    kinds = [event["cmd"] for event in reply["events"] if event["response"]["data"].get("target") == group]
    assert kinds == ["channel.note"], "their own leaving is the last that they hear"
    assert "secret" not in json.dumps(reply)


@pytest.mark.parametrize("way", ["leaves", "is removed"])
@pytest.mark.parametrize("join", ["open", "invite", "closed"])
async def test_a_former_member_is_told_the_group_does_not_exist(clients: Clients, way: str, join: str) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob, join=join)
    message = await bob.say(group, "mine")

    await end_membership(way, alice, bob, group)

    commands: list[tuple[str, dict[str, Any]]] = [
        ("channel.get", {}),
        ("channel.members", {}),
        ("channel.leave", {}),
        ("channel.rename", {"name": "x"}),
        ("message.history", {}),
        ("message.history", {"after": 0}),
        ("message.get", {"id": message["id"]}),
        ("message.edit", {"id": message["id"], "msg": "x"}),
        ("message.recall", {"id": message["id"]}),
        ("message.send", {"msg": "x"}),
        ("read.mark", {"seq": 1}),
        ("read.unmark", {"seq": 1}),
        ("channel.star", {"starred": True}),
    ]
    for cmd, fields in commands:
        assert await bob.refused(cmd, target=group, **fields) == await bob.refused(cmd, target="999999999", **fields)
    assert group not in [item["target"] for item in (await bob.call("channel.list"))["channels"]]


async def test_a_reinvited_member_cannot_read_messages_sent_in_between(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    first = await alice.say(group, "first stay")
    start = (await bob.call("heartbeat"))["position"]
    await bob.call("channel.leave", target=group)
    between = await alice.say(group, "between")
    await alice.call("channel.rename", target=group, name="between")
    await alice.call("message.edit", target=group, id=between["id"], msg="between, edited")
    await alice.call("channel.invite", target=group, members=[bob.name])
    await alice.call("message.edit", target=group, id=between["id"], msg="between, edited again")
    await alice.call("message.edit", target=group, id=first["id"], msg="first stay, edited")
    last = await alice.say(group, "second stay")

    page = await bob.call("message.history", target=group)
    assert [message["msg"] for message in page["messages"]] == ["first stay, edited", "second stay"]
    pages = [page, *[await bob.call("message.history", target=group, **{way: 2}) for way in ("before", "after")]]
    one_by_one = await bob.call("message.history", target=group, limit=1, after=first["seq"])
    assert [message["seq"] for message in one_by_one["messages"]] == [last["seq"]]
    replay = await bob.call("sync", after=start)
    assert "between" not in json.dumps([pages, one_by_one, replay])
    assert "between" not in json.dumps([one.data for one in bob.received])
    edits = [one["response"]["data"]["id"] for one in replay["events"] if one["cmd"] == "message.edited"]
    assert edits == [first["id"]], "what was said in the first stay may be edited now"
    for cmd in ("message.get", "message.recall"):
        assert await bob.code(cmd, target=group, id=between["id"]) == 1005
    assert await bob.code("message.send", target=group, msg="x", replyTo=between["id"]) == 1005


async def test_an_invited_member_cannot_read_earlier_messages(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob)
    early = await alice.say(group, "before")
    await alice.call("channel.invite", target=group, members=[carol.name])
    await alice.call("message.edit", target=group, id=early["id"], msg="before, edited")
    await alice.call("message.recall", target=group, id=early["id"])
    await alice.say(group, "after", replyTo=early["id"])

    push = await carol.push("msg")
    assert (push.data["msg"], push.data["replyTo"]) == ("after", early["id"])
    page = await carol.call("message.history", target=group)
    assert [message["msg"] for message in page["messages"]] == ["after"]
    assert [note["note"] for note in page["notes"]] == ["invited"]
    assert await carol.code("message.get", target=group, id=early["id"]) == 1005
    everything = json.dumps([one.data for one in carol.received] + [await carol.call("sync", after=0)])
    assert "before" not in everything and "message.recalled" not in everything


async def test_joining_an_open_group_gives_its_whole_history(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    group = await alice.group(join="open")
    await alice.say(group, "before")

    await carol.call("channel.join", target=group)

    page = await carol.call("message.history", target=group)
    assert [message["msg"] for message in page["messages"]] == ["before"]


async def test_a_changed_join_policy_changes_the_visible_history(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    group = await alice.group()
    old = await alice.say(group, "old")
    await alice.call("channel.invite", target=group, members=[carol.name])
    assert await carol.code("message.get", target=group, id=old["id"]) == 1005

    await alice.call("channel.policy", target=group, join="open")
    assert await carol.code("message.get", target=group, id=old["id"]) == 200

    await alice.call("channel.policy", target=group, join="closed")
    assert await carol.code("message.get", target=group, id=old["id"]) == 1005


async def test_messages_sent_in_between_are_not_unread_for_a_returning_member(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await bob.call("channel.leave", target=group)
    for _ in range(5):
        await alice.say(group)
    await alice.call("channel.invite", target=group, members=[bob.name])
    await alice.say(group)

    item = await bob.call("channel.get", target=group)
    assert (item["lastSeq"], item["unread"], item["role"]) == (6, 1, "member")


async def test_an_admin_returns_as_a_plain_member(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await alice.call("channel.role", target=group, member=bob.name, role="admin")
    await bob.call("channel.leave", target=group)
    await alice.call("channel.invite", target=group, members=[bob.name])

    assert await bob.code("channel.rename", target=group, name="x") == 1003
