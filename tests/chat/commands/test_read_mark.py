"""read.mark moves the read position, which decides the unread count."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import listed_channel
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_unread_counts_messages_that_are_not_recalled(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    sent = [await alice.say(group) for _ in range(5)]
    await alice.call("message.edit", target=group, id=sent[0]["id"], msg="edited")
    await alice.call("message.recall", target=group, id=sent[1]["id"])
    await alice.call("channel.rename", target=group, name="Poets")

    item = await listed_channel(bob, group)
    assert (item["lastSeq"], item["readSeq"], item["unread"]) == (5, 0, 4)
    assert (await bob.call("channel.get", target=group))["unread"] == 4
    await bob.call("read.mark", target=group, seq=2)
    assert (await listed_channel(bob, group))["unread"] == 3


@both_codecs
async def test_a_read_mark_never_moves_backwards(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    for _ in range(5):
        await alice.say(channel)

    for seq, read in [(3, 3), (1, 3), (0, 3), (4, 4), (999, 5), (2**63 - 1, 5)]:
        assert await bob.call("read.mark", target=channel, seq=seq) == {"target": channel, "readSeq": read}
        item = await listed_channel(bob, channel)
        assert (item["readSeq"], item["unread"]) == (read, 5 - read)


@both_codecs
async def test_a_read_mark_is_pushed_to_the_own_other_connections_only(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob, app=102)
    channel = await alice.private(bob)
    await alice.say(channel)

    await bob.call("read.mark", target=channel, seq=1)

    push = await phone.push("read.mark")
    assert (push.data, push.text) == ({"target": channel, "readSeq": 1}, "Ok")
    assert not [one for person in (alice, bob) for one in await person.settle() if one.cmd == "read.mark"]


@both_codecs
async def test_sending_moves_the_own_read_position(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    for _ in range(3):
        await alice.say(channel)

    assert (await listed_channel(bob, channel))["unread"] == 3
    await bob.say(channel)
    assert (await listed_channel(bob, channel))["unread"] == 0
    item = await listed_channel(alice, channel)
    assert (item["readSeq"], item["unread"]) == (3, 1)


async def test_messages_from_before_joining_are_not_unread(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob)
    for _ in range(3):
        await alice.say(group)
    await alice.call("channel.invite", target=group, members=[carol.name])
    await alice.say(group)

    item = await listed_channel(carol, group)
    assert (item["lastSeq"], item["readSeq"], item["unread"]) == (4, 3, 1)


@pytest.mark.parametrize("seq", [None, -1, "x", 1.5, 2**63, [], True])
async def test_an_invalid_read_mark_is_an_illegal_parameter(clients: Clients, seq: object) -> None:
    guest = await clients.guest()

    assert await guest.code("read.mark", target=guest.room, seq=seq) == 1001


async def test_read_marks_from_two_connections_end_at_the_greater(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob)
    channel = await alice.private(bob)
    for _ in range(20):
        await alice.say(channel)

    await asyncio.gather(
        *[await person.post("read.mark", target=channel, seq=n) for n in range(1, 21) for person in (bob, phone)]
    )

    assert (await listed_channel(bob, channel))["readSeq"] == 20
