"""Moderation over the wire: message.pin, .pins, .report and channel.restrict, .restrictions, .transfer, .policy."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


@both_codecs
async def test_a_pin_is_pushed_to_all_members_and_listed(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    sent = await bob.say(group, "rules of the house")

    pinned = await alice.call("message.pin", target=group, id=sent["id"])
    assert (pinned["id"], pinned["seq"]) == (sent["id"], sent["seq"])
    heard = (await bob.push("message.pinned", id=sent["id"])).data
    assert set(heard) == {"target", "id", "seq", "by", "position"} and heard["by"] == alice.as_person
    (item,) = (await bob.call("message.pins", target=group))["messages"]
    assert (item["msg"], item["pinnedBy"]) == ("rules of the house", alice.as_person) and item["pinnedAt"] > 0
    assert await bob.code("message.unpin", target=group, id=sent["id"]) == 1003

    await alice.call("message.unpin", target=group, id=sent["id"])
    await bob.push("message.unpinned", id=sent["id"])
    assert (await bob.call("message.pins", target=group)) == {"messages": [], "hasMore": False}


async def test_bob_muted_in_a_group_gets_the_end_of_the_mute(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    done = await alice.call("channel.restrict", target=group, member=bob.name, kind="mute", seconds=3600, reason="Calm")

    heard = (await bob.push("restriction", kind="mute")).data
    assert (heard["target"], heard["until"], heard["reason"]) == (group, done["until"], "Calm")
    code, data = await bob.refused("message.send", target=group, type="text", msg="but")
    assert (code, data["until"]) == (1003, done["until"])
    (one,) = (await alice.call("channel.restrictions", target=group))["restrictions"]
    assert (one["who"], one["by"], one["kind"]) == (bob.as_person, alice.as_person, "mute")
    assert await bob.code("channel.restrictions", target=group) == 1003

    await alice.call("channel.unrestrict", target=group, member=bob.name, kind="mute")
    await bob.push("restriction", kind="unmute", target=group)
    await bob.say(group, "thank you")


async def test_a_banned_member_is_removed_and_cannot_return(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol, join="open")
    sent = await alice.say(group)
    await alice.call("channel.restrict", target=group, member=bob.name, kind="ban")

    for person in (bob, carol):
        await person.push("channel.note", lambda data: data["who"] == [bob.as_person], note="removed")
    await alice.say(group, "without bob")
    await carol.push("msg", msg="without bob")
    for cmd, more in (
        ("channel.join", {}),
        ("channel.get", {}),
        ("message.history", {}),
        ("message.get", {"id": sent["id"]}),
        ("message.pins", {}),
        ("message.report", {"id": sent["id"]}),
        ("message.send", {"type": "text", "msg": "hello?"}),
    ):
        assert await bob.code(cmd, target=group, **more) == 1005, cmd
    assert await alice.code("channel.invite", target=group, members=[bob.name]) == 1003
    assert not [push for push in bob.inbox if push.cmd == "msg" and push.data["msg"] == "without bob"]


async def test_slow_mode_and_announcements_only_are_pushed_and_enforced(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    channel = await alice.call("channel.policy", target=group, slowMode=600)
    assert (channel["slowMode"], channel["announcementsOnly"], channel["history"]) == (600, False, "joined")
    await bob.push("channel.note", note="policy", target=group)
    await bob.say(group, "once")
    code, data = await bob.refused("message.send", target=group, type="text", msg="twice")
    assert code == 1011 and 0 < data["retryAfter"] <= 600
    await alice.call("channel.policy", target=group, slowMode=0, announcementsOnly=True)
    assert await bob.code("message.send", target=group, type="text", msg="and now?") == 1003
    assert await alice.code("channel.policy", target=group, slowMode=-1) == 1001


async def test_new_members_read_earlier_messages_if_the_policy_allows_it(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group()
    sent = await alice.say(group, "before bob")
    await alice.call("channel.policy", target=group, history="all")
    await alice.call("channel.invite", target=group, members=[bob.name])
    history = await bob.call("message.history", target=group)
    assert [message["msg"] for message in history["messages"]] == ["before bob"]
    # An edit of a message from before Bob joined reaches him too, live and by sync.
    await alice.call("message.edit", target=group, id=sent["id"], msg="before bob, edited")
    await bob.push("message.edited", id=sent["id"])

    await alice.call("channel.policy", target=group, history="joined")
    assert (await bob.call("message.history", target=group))["messages"] == []
    await alice.call("message.edit", target=group, id=sent["id"], msg="not for bob")
    await alice.say(group, "afterwards")
    await bob.push("msg", msg="afterwards")
    assert not [push for push in bob.received if "not for bob" in str(push.data)]


async def test_a_report_is_visible_to_moderators_only(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    sent = await bob.say(group, "rude")
    report = {"target": group, "id": sent["id"]}
    assert await alice.call("message.report", **report, reason="Rude") == report
    assert await alice.call("message.report", **report) == report
    assert await bob.code("message.report", **report) == 1009
    await alice.say(group, "afterwards")
    await bob.push("msg", msg="afterwards")
    assert not [push for push in bob.inbox if "report" in push.cmd]


async def test_alice_transfers_her_group_to_bob(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    assert await bob.code("channel.transfer", target=group, member=alice.name) == 1003
    await alice.call("channel.transfer", target=group, member=bob.name)
    await bob.push("channel.note", lambda data: data["who"] == [bob.as_person], note="role", value="owner")
    members = (await alice.call("channel.members", target=group))["members"]
    assert {one["userId"]: one["role"] for one in members} == {alice.name: "admin", bob.name: "owner"}


async def test_a_stranger_cannot_distinguish_a_group_from_a_missing_one(clients: Clients) -> None:
    alice, mallory = await clients("alice", "carol")
    group = await alice.group()
    sent = await alice.say(group)
    nowhere = str(2**40)
    for cmd, data in {
        "message.pin": {"id": sent["id"]},
        "message.unpin": {"id": sent["id"]},
        "message.pins": {},
        "message.report": {"id": sent["id"]},
        "channel.restrict": {"member": alice.name, "kind": "mute"},
        "channel.unrestrict": {"member": alice.name, "kind": "ban"},
        "channel.restrictions": {},
        "channel.transfer": {"member": alice.name},
        "channel.policy": {"slowMode": 5},
    }.items():
        there = await mallory.refused(cmd, target=group, **data)
        assert there == await mallory.refused(cmd, target=nowhere, **data) and there[0] == 1005, cmd


async def test_a_role_set_by_an_operator_applies_to_the_open_connection(
    clients: Clients, shared_site: SharedSite
) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    script = (
        "from accounts.actions import system_user\n"
        "from chat.actions.member import member_set_role_as_operator\n"
        f"member_set_role_as_operator(operator=system_user(), channel_id={group}, user_id={bob.id}, role=%r)"
    )
    mute = {"target": group, "member": carol.name, "kind": "mute"}
    assert await bob.code("channel.restrict", **mute) == 1003

    await asyncio.to_thread(shared_site.shell, script % "admin")
    heard = (await bob.push("channel.note", note="role", value="admin")).data
    assert (heard["who"], heard["by"]["userId"]) == ([bob.as_person], "system")
    await bob.call("channel.restrict", **mute)

    await asyncio.to_thread(shared_site.shell, script % "member")
    await bob.push("channel.note", note="role", value="member")
    assert await bob.code("channel.unrestrict", **mute) == 1003


async def test_a_muted_member_sees_the_mute_in_the_channel(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    assert "muted" not in await bob.call("channel.get", target=group)

    await alice.call("channel.restrict", target=group, member=bob.name, kind="mute")
    assert (await bob.call("channel.get", target=group))["muted"] == {}
    assert "muted" not in await bob.call("channel.get", target=bob.room)
    until = (await alice.call("channel.restrict", target=group, member=bob.name, kind="mute", seconds=60))["until"]
    assert (await bob.call("channel.get", target=group))["muted"] == {"until": until}
    await alice.call("channel.unrestrict", target=group, member=bob.name, kind="mute")
    assert "muted" not in await bob.call("channel.get", target=group)
