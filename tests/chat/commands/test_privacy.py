"""Users see only the presence, read marks and status that others share."""

from __future__ import annotations

import pytest

from tests.support.contacts import befriend, block, set_user_fields
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


async def test_a_user_who_hides_presence_is_offline_for_others(clients: Clients, shared_site: SharedSite) -> None:
    alice, carol = await clients("alice", "carol")
    bob = shared_site.account("bob")
    shared_site.shell(
        f"from accounts.models import User; User.objects.filter(pk={bob.id}).update(shares_presence=False)"
    )
    here = await clients.login(bob)
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


async def test_alice_sees_how_far_bob_has_read_in_a_private_channel(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
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
async def test_alice_does_not_see_read_marks_that_bob_hides(
    clients: Clients, shared_site: SharedSite, why: str
) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    await alice.say(channel)
    if why == "blocked":
        await block(alice, bob)
    else:
        set_user_fields(shared_site, bob, shares_read=False)

    await bob.call("read.mark", target=channel, seq=1)
    assert not [one for one in await alice.settle() if one.cmd == "read.seen"]
    assert (await alice.call("channel.get", target=channel))["peerReadSeq"] == 0


async def test_read_marks_in_a_group_are_not_shown_to_others(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group)

    await bob.call("read.mark", target=group, seq=1)
    assert not [one for one in await alice.settle() if one.cmd == "read.seen"]


async def test_lists_show_the_status_text(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    set_user_fields(shared_site, bob, status_text="at sea")
    channel = await alice.private(bob)

    # The names of other tests' users may begin alike.
    found = (await alice.call("person.search", q=bob.name))["persons"]
    assert bob.as_person | {"status": "at sea"} in found
    assert (await alice.call("channel.get", target=channel))["peer"]["status"] == "at sea"
