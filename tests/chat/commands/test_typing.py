"""`typing` reaches the other members who have asked for it, and nobody else."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_members_who_have_asked_for_it_see_that_alice_is_typing(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob", activity=True)
    phone = await clients.login(alice.account, activity=True)  # type: ignore[arg-type]
    [carol] = await clients("carol")
    group = await alice.group(bob, carol)
    root = (await bob.say(group))["id"]

    assert await alice.call("typing", target=group) == {"target": group, "shown": True}
    assert await alice.call("typing", target=group, threadId=root) == {"target": group, "shown": True}

    assert (await bob.push("typing")).data == {"target": group, "by": alice.as_person}
    assert (await bob.push("typing")).data == {"target": group, "by": alice.as_person, "threadId": root}
    # Connections of /ws get messages in another form, but notes in this one.
    await alice.call("channel.rename", target=group, name="Done")
    for person in (carol, phone):
        await person.push("channel.note", value="Done")
        assert "typing" not in [push.cmd for push in person.inbox]
    assert "typing" not in [event["cmd"] for event in (await bob.call("sync", after=0))["events"]]


@both_codecs
async def test_a_block_hides_typing_in_both_directions(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob", activity=True)
    group = await alice.group(bob)
    await alice.call("channel.role", target=group, member=bob.name, role="admin")
    await bob.call("person.block", userId=alice.name)

    for writer, reader in ((alice, bob), (bob, alice)):
        assert (await writer.call("typing", target=group))["shown"] is True
        await writer.call("channel.rename", target=group, name=f"By {writer.name}")
        await reader.push("channel.note", value=f"By {writer.name}")
        assert "typing" not in [push.cmd for push in reader.inbox]


async def test_only_those_who_may_write_are_shown_typing(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob", activity=True)
    group = await alice.group(bob)
    await alice.call("channel.policy", target=group, announcementsOnly=True)

    assert await bob.refusal("typing", target=group) == (1003, "announcements_only")
    assert (await alice.call("typing", target=group))["shown"] is True
    await bob.push("typing", target=group)


async def test_too_many_notices_are_refused(clients: Clients) -> None:
    guest = await clients.guest()

    # A hundred requests are far more than the burst and what a slow machine refills.
    replies = await asyncio.gather(*[await guest.post("typing", target=guest.room) for _ in range(100)])

    assert replies[0].code == 200 and {reply.code for reply in replies} == {200, 1011}
