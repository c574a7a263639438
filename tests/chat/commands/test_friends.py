"""friend.*, person.block, person.unblock, and what a block and a wish for privacy hide elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.people import People, Person, Town
from tests.support.protobuf_client import ProtobufClient

pytestmark = pytest.mark.each_database

LISTS = {"friends", "asking", "asked", "blocked"}


async def circle(person: Person) -> dict[str, list[str]]:
    """The names in each list of `friend.list`."""
    reply = await person.call("friend.list")
    assert set(reply) == LISTS
    return {name: [item["userId"] for item in people] for name, people in reply.items() if people}


async def befriend(one: Person, other: Person) -> None:
    await one.call("friend.request", userId=other.name)
    await other.call("friend.accept", userId=one.name)
    for person in (one, other):
        await person.push("friend.accepted")


async def block(one: Person, other: Person) -> None:
    await one.call("person.block", userId=other.name)


def set_fields(town: Town, person: Person, **fields: Any) -> None:
    town.shell(f"from accounts.models import User; User.objects.filter(pk={person.id}).update(**{fields!r})")


# -- friends ----------------------------------------------------------------------------------------------------------


@both_codecs
async def test_alice_asks_and_bob_accepts(people: People) -> None:
    alice, bob = await people("alice", "bob")

    assert await alice.call("friend.request", userId=bob.name.upper()) == bob.as_person
    assert (await circle(alice), await circle(bob)) == ({"asked": [bob.name]}, {"asking": [alice.name]})
    push = await bob.push("friend.requested")
    assert (push.data["by"], push.data["who"]) == (alice.as_person, bob.as_person) and push.data["position"]

    await bob.call("friend.accept", userId=alice.name)
    for person in (alice, bob):
        push = await person.push("friend.accepted")
        assert (push.data["by"], push.data["who"]) == (bob.as_person, alice.as_person)
    assert (await circle(alice), await circle(bob)) == ({"friends": [bob.name]}, {"friends": [alice.name]})


async def test_a_friend_request_reaches_who_was_away_by_sync(people: People) -> None:
    alice, bob = await people("alice", "bob")
    position = (await bob.call("heartbeat"))["position"]
    await bob.close()
    await alice.call("friend.request", userId=bob.name)
    await alice.push("friend.requested")

    back = await people.again(bob, after=position)
    events = (await back.call("sync", after=position))["events"]
    assert [event["cmd"] for event in events] == ["friend.requested"]


async def test_friends_are_shown_online_on_whatever_app(people: People) -> None:
    alice, bob = await people("alice", "bob")
    await befriend(alice, bob)
    elsewhere = await people.again(bob, app=102)
    await bob.close()

    [friend] = (await alice.call("friend.list"))["friends"]
    assert friend == bob.as_person | {"online": True}
    await elsewhere.close()


@both_codecs
async def test_declining_and_ending_is_told_to_both(people: People) -> None:
    alice, bob = await people("alice", "bob")
    await alice.call("friend.request", userId=bob.name)
    await bob.call("friend.decline", userId=alice.name)
    for person in (alice, bob):
        await person.push("friend.removed")
        assert await circle(person) == {}

    await befriend(alice, bob)
    await alice.call("friend.remove", userId=bob.name)
    for person in (alice, bob):
        await person.push("friend.removed")
        assert await circle(person) == {}


@pytest.mark.parametrize("cmd", ["friend.accept", "friend.decline", "friend.remove"])
async def test_what_was_never_asked_has_no_answer(people: People, cmd: str) -> None:
    alice, bob = await people("alice", "bob")

    assert await alice.code(cmd, userId=bob.name) == 1005
    assert await alice.code(cmd, userId="nobody at all") == 1005


async def test_asking_twice_or_oneself_fails_clearly(people: People) -> None:
    alice, bob = await people("alice", "bob")
    await alice.call("friend.request", userId=bob.name)

    assert await alice.refused("friend.request", userId=bob.name) == (1009, {"error": "You have asked already."})
    assert await alice.code("friend.request", userId=alice.name) == 1009
    assert await alice.code("friend.request", userId="nobody\0") == 1005
    assert await alice.code("friend.request") == 1001


@pytest.mark.parametrize("cmd", ["friend.list", "friend.request", "person.block", "person.unblock"])
async def test_guests_have_no_friends(people: People, cmd: str) -> None:
    guest = await people.guest()

    assert await guest.code(cmd, userId="alice") == 1003


async def test_nobody_sees_the_friends_of_others(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    await befriend(alice, bob)

    assert await circle(carol) == {}
    assert not [push for push in await carol.settle() if push.cmd.startswith("friend.")]


# -- blocks -----------------------------------------------------------------------------------------------------------


async def test_the_blocked_start_no_private_chat(people: People) -> None:
    alice, bob = await people("alice", "bob")
    await block(alice, bob)

    code, data = await bob.refused("channel.create", kind="private", members=[alice.name])
    assert (code, data) == (1003, {"error": "You cannot write to this person."})
    code, data = await alice.refused("channel.create", kind="private", members=[bob.name])
    assert code == 1003 and "Unblock" in data["error"]


@both_codecs
async def test_the_blocked_send_nothing_in_an_old_one_and_read_it_as_before(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await bob.private(alice)
    await bob.say(channel, "before")
    await block(alice, bob)

    said = (await alice.call("message.history", target=channel))["messages"][0]["id"]
    for cmd, fields in (
        ("message.send", {"msg": "after"}),
        ("message.edit", {"id": said, "msg": "after"}),
        ("message.pin", {"id": said}),
        ("message.unpin", {"id": said}),
    ):
        refused = await bob.refused(cmd, target=channel, **fields)
        assert refused == (1003, {"error": "You cannot write to this person."}), cmd
    assert await bob.private(alice) == channel
    for person in (alice, bob):
        page = await person.call("message.history", target=channel)
        assert [message["msg"] for message in page["messages"]] == ["before"]
    await alice.call("person.unblock", userId=bob.name)
    await bob.say(channel, "again")


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
async def test_the_blocked_write_nothing_over_the_binary_protocol_either(people: People, town: Town, old: bool) -> None:
    alice, bob = await people("alice", "bob")
    if old:
        await bob.private(alice)
    await block(alice, bob)
    phone = await ProtobufClient.connect(town.site.acc.replace("/acc", "/ws"), int(bob.id))
    try:
        await phone.login(bob.token, sync=0)
        ack = await phone.send("single", int(alice.id), "are you there?")
        assert (ack.code, ack.type) == (1003, 0)
        await alice.call("person.unblock", userId=bob.name)
        assert (await phone.send("single", int(alice.id), "are you there?")).code == 200
    finally:
        await phone.close()
    assert (await alice.push("msg")).data["msg"] == "are you there?"


async def test_the_blocked_bring_nobody_into_a_group_who_blocks_them(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    await block(alice, bob)

    assert await bob.code("channel.create", kind="public", name="Trap", members=[alice.name, carol.name]) == 1003
    group = await bob.group(carol)
    code, data = await bob.refused("channel.invite", target=group, members=[carol.name, alice.name])
    assert (code, data) == (1003, {"error": f"You cannot add {alice.name}.", "userId": alice.name})
    assert (await carol.call("channel.invite", target=group, members=[alice.name]))["added"] == [alice.as_person]


@both_codecs
async def test_only_ones_own_devices_hear_of_a_block(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(alice)
    await block(alice, bob)

    assert (await phone.push("person.blocked")).data["who"] == bob.as_person
    assert not [push for push in await bob.settle() if push.cmd.startswith("person.")]
    assert (await circle(alice), await circle(bob)) == ({"blocked": [bob.name]}, {})
    await alice.call("person.unblock", userId=bob.name)
    await phone.push("person.unblocked")
    assert await circle(alice) == {}


async def test_a_block_hides_both_from_each_others_lists(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
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
    assert (await alice.call("person.search", q=bob.name))["persons"] == []
    assert alice.id in [item["id"] for item in (await bob.call("person.search", q=alice.name))["persons"]]


async def test_the_blocked_do_not_hear_one_come(people: People) -> None:
    bob, carol = await people("bob", "carol")
    (alice,) = await people("alice")
    for one in (bob, carol):
        await one.push("enter", fromId=alice.id)
    await block(alice, bob)
    await alice.close()
    await carol.push("exit", fromId=alice.id)
    await people.again(alice)
    await carol.push("enter", fromId=alice.id)

    assert not [
        push for push in await bob.settle() if push.cmd in ("exit", "enter") and push.data["fromId"] == alice.id
    ]


# -- what one does not share ------------------------------------------------------------------------------------------


async def test_who_does_not_share_presence_is_online_for_nobody(people: People, town: Town) -> None:
    alice, carol = await people("alice", "carol")
    bob = town.account("bob")
    town.shell(f"from accounts.models import User; User.objects.filter(pk={bob.id}).update(shares_presence=False)")
    here = await people.login(bob)
    await befriend(alice, here)
    group = await alice.group(here)

    assert here.id not in {item["id"] for item in (await alice.call("presence.list"))["online"]}
    assert here.id in {item["id"] for item in (await here.call("presence.list"))["online"]}
    members = (await alice.call("channel.members", target=group))["members"]
    assert {member["id"] for member in members if member["online"]} == {alice.id}
    assert [friend["online"] for friend in (await alice.call("friend.list"))["friends"]] == [False]
    await carol.close()
    await alice.push("exit", fromId=carol.id)
    assert not [push for push in alice.inbox if push.cmd == "enter" and push.data["fromId"] == here.id]


async def test_the_other_of_a_private_channel_sees_how_far_one_has_read(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    await alice.say(channel)
    assert (await alice.call("channel.get", target=channel))["peerReadSeq"] == 0

    await bob.call("read.mark", target=channel, seq=1)
    push = await alice.push("read.seen")
    assert push.data == {"target": channel, "readSeq": 1, "userId": bob.name}
    assert (await alice.call("channel.get", target=channel))["peerReadSeq"] == 1
    await bob.call("read.mark", target=channel, seq=1)
    assert not [one for one in await alice.settle() if one.cmd == "read.seen"]


@pytest.mark.parametrize("why", ["not shared", "blocked"])
async def test_reading_is_not_shown_to_whom_one_does_not_let_see_it(people: People, town: Town, why: str) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    await alice.say(channel)
    if why == "blocked":
        await block(alice, bob)
    else:
        set_fields(town, bob, shares_read=False)

    await bob.call("read.mark", target=channel, seq=1)
    assert not [one for one in await alice.settle() if one.cmd == "read.seen"]
    assert (await alice.call("channel.get", target=channel))["peerReadSeq"] == 0


async def test_in_a_group_reading_is_ones_own(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group)

    await bob.call("read.mark", target=group, seq=1)
    assert not [one for one in await alice.settle() if one.cmd == "read.seen"]


async def test_lists_show_the_status(people: People, town: Town) -> None:
    alice, bob = await people("alice", "bob")
    set_fields(town, bob, status_text="at sea")
    channel = await alice.private(bob)

    [found] = (await alice.call("person.search", q=bob.name))["persons"]
    assert found == bob.as_person | {"status": "at sea"}
    assert (await alice.call("channel.get", target=channel))["peer"]["status"] == "at sea"


# -- mutes ------------------------------------------------------------------------------------------------------------


async def test_the_muted_find_it_in_their_list(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    assert "muted" not in await bob.call("channel.get", target=group)

    await alice.call("channel.restrict", target=group, member=bob.name, kind="mute")
    assert (await bob.call("channel.get", target=group))["muted"] == {}
    assert "muted" not in await bob.call("channel.get", target=bob.room)
    until = (await alice.call("channel.restrict", target=group, member=bob.name, kind="mute", seconds=60))["until"]
    assert (await bob.call("channel.get", target=group))["muted"] == {"until": until}
    await alice.call("channel.unrestrict", target=group, member=bob.name, kind="mute")
    assert "muted" not in await bob.call("channel.get", target=group)
