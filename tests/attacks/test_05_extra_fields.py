"""Attack 5: requests contain fields that only the site may set. They are ignored under any name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database


def forged_fields(victim: UserClient) -> dict[str, Any]:
    return {
        "is_staff": True,
        "is_superuser": True,
        "isStaff": True,
        "kind": "service",
        "role": "owner",
        "rights": ["*"],
        "sender": victim.id,
        "from": victim.name,
        "fromId": victim.id,
        "user": victim.id,
        "user_id": victim.id,
        "userId": victim.name,
        "by": victim.as_person,
        "owner": victim.name,
        "creator": victim.name,
        "seq": 999,
        "position": 999_999,
        "time": 1,
        "editedAt": 1,
        "recalled": True,
        "id": "999999999",
        "lastSeq": 999,
        "readSeq": 999,
        "unread": 0,
        "closed": True,
        "activeAt": 1,
        "app": 102,
        "appId": 102,
        "origin": "x.1",
        "skip": victim.id,
        "live_app": 102,
        "push_seq": "x",
        "shown_as": victim.nickname,
        "call": {},
        "caller": {},
        "session_key": "x",
        "known": {},
        "__class__": "x",
        "data": {"target": "1"},
    }


async def test_a_forged_sender_of_a_message_is_ignored(clients: Clients) -> None:
    alice, bob, victim = await clients("alice", "bob", "carol")
    phone = await clients.again(bob, app=103)
    channel = await alice.private(bob)

    sent = await alice.call("message.send", {**forged_fields(victim), "target": channel, "type": "text", "msg": "x"})

    assert (sent["target"], sent["seq"]) == (channel, 1)
    for connection in (bob, phone):
        push = await connection.push("msg")
        assert push.seq == sent["id"] != "999999999"
        assert (push.data["from"], push.data["fromId"], push.data["name"]) == (alice.name, alice.id, alice.nickname)
        assert push.data["time"] == sent["time"] > 10**12 and push.data["position"] == sent["position"] < 999_999
        assert "recalled" not in push.data and "editedAt" not in push.data


async def test_unknown_fields_of_a_new_group_are_ignored(clients: Clients) -> None:
    alice, victim = await clients("alice", "carol")
    extra = {key: value for key, value in forged_fields(victim).items() if key != "kind"}

    made = await alice.call("channel.create", {**extra, "kind": "public", "name": "Mine"})

    assert (made["role"], made["lastSeq"], made["closed"], made["memberCount"]) == ("owner", 0, False, 1)
    assert made["target"] != "999999999" and "appId" not in made
    members = (await alice.call("channel.members", target=made["target"]))["members"]
    assert [member["id"] for member in members] == [alice.id]


async def test_forged_fields_do_not_act_for_another_user(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    message = await alice.say(group)
    extra = {key: value for key, value in forged_fields(alice).items() if key != "id"}

    attempts: list[tuple[str, dict[str, Any]]] = [
        ("channel.rename", {"name": "Taken over"}),
        ("channel.role", {"member": bob.name, "role": "owner"}),
        ("channel.remove", {"member": carol.name}),
        ("channel.policy", {"join": "open", "listed": True}),
        ("message.edit", {"id": message["id"], "msg": "forged"}),
        ("message.recall", {"id": message["id"]}),
    ]
    for cmd, fields in attempts:
        assert (await bob.request(cmd, {**extra, **fields, "target": group})).code == 1003
    assert (await alice.call("channel.get", target=group))["name"] == "Painters"
    assert (await alice.call("message.get", target=group, id=message["id"]))["msg"] == "hello"


async def test_a_forged_read_mark_moves_the_callers_read_position_only(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    for _ in range(3):
        await bob.say(channel)

    await bob.call("read.mark", {**forged_fields(alice), "target": channel, "seq": 3})

    assert (await alice.call("channel.get", target=channel))["unread"] == 3


async def test_forged_login_fields_give_a_guest_no_account(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest = await clients.stranger()

    reply = await guest.call(
        "login", {**forged_fields(alice), "appId": 101, "userId": "mallory", "kind": "person", "token": alice.token}
    )

    assert (reply["kind"], reply["userId"]) == ("guest", "mallory") and reply["id"] not in (alice.id, "999999999")
    assert await guest.code("channel.create", kind="public", name="x", is_staff=True) == 1003
