"""read.unmark marks messages as unread again, for the user alone."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import listed_channel
from tests.support.shared_site import Client, Clients

pytestmark = pytest.mark.each_database


async def reading(user: Client, channel: str) -> tuple[int, int]:
    """Return the read position and the unread messages, as the list of channels has them."""
    item = await listed_channel(user, channel)
    return item["readSeq"], item["unread"]


@both_codecs
async def test_messages_are_unread_again_until_the_user_reads_on(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    for _ in range(5):
        await alice.say(group)
    await bob.call("read.mark", target=group, seq=4)

    assert await bob.call("read.unmark", target=group, seq=3) == {"target": group, "readSeq": 2}
    assert await reading(bob, group) == (2, 3)
    # A device that has not heard of it repeats an earlier position.
    assert await bob.call("read.mark", target=group, seq=1) == {"target": group, "readSeq": 2}
    assert await bob.call("read.mark", target=group, seq=3) == {"target": group, "readSeq": 3}
    assert await reading(bob, group) == (3, 2)
    assert await bob.call("read.mark", target=group, seq=4) == {"target": group, "readSeq": 4}
    assert await bob.call("read.unmark", target=group, seq=5) == {"target": group, "readSeq": 4}
    assert await reading(bob, group) == (4, 1)


@both_codecs
async def test_an_own_message_ends_it(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    await alice.say(channel)
    await bob.call("read.mark", target=channel, seq=1)
    await bob.call("read.unmark", target=channel, seq=1)

    await bob.say(channel)

    assert await reading(bob, channel) == (2, 0)


@both_codecs
async def test_a_mention_is_unread_again(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group, f"@{bob.name} look")
    await bob.call("read.mark", target=group, seq=1)

    await bob.call("read.unmark", target=group, seq=1)

    assert (await listed_channel(bob, group))["mentions"] == 1


@both_codecs
async def test_only_the_users_other_connections_hear_of_it(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob, app=102)
    channel = await alice.private(bob)
    await alice.say(channel)
    await bob.call("read.mark", target=channel, seq=1)
    seen = (await alice.push("read.seen")).data

    await bob.call("read.unmark", target=channel, seq=1)

    assert (await phone.push("read.unmark")).data == {"target": channel, "readSeq": 0}
    assert seen["readSeq"] == (await listed_channel(alice, channel))["peerReadSeq"] == 1
    assert not [one for user in (alice, bob) for one in await user.settle() if one.cmd == "read.unmark"]


@both_codecs
async def test_nothing_before_the_joining_becomes_unread(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group()
    for _ in range(3):
        await alice.say(group)
    await alice.call("channel.invite", target=group, members=[bob.name])
    await alice.say(group)
    await bob.call("read.mark", target=group, seq=4)

    assert await bob.call("read.unmark", target=group, seq=1) == {"target": group, "readSeq": 3}
    assert await reading(bob, group) == (3, 1)


@both_codecs
async def test_the_global_channel_has_unread_messages_again(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    sent = await alice.call("message.send", msg="hello", clientMsgId="first")
    channel, seq = sent["target"], sent["seq"]

    assert (await bob.call("read.unmark", target=channel, seq=seq))["readSeq"] == seq - 1
    assert (await bob.call("channel.get", target=channel))["unread"] >= 1
