"""Mentions come with messages and edits, count in the channel list, and are listed by mention.list."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database


async def count(user: UserClient, target: str) -> tuple[int, int]:
    channel = await user.call("channel.get", target=target)
    return channel["unread"], channel["mentions"]


async def test_the_push_of_a_message_has_its_mentions(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    sent = await alice.say(await alice.private(bob), f"@{bob.name}")
    assert (await bob.push("msg", id=sent["id"])).data["mentions"] == [{"id": bob.id, "name": bob.name}]


@both_codecs
async def test_bob_is_mentioned(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    target = await alice.group(bob)
    text = f"@{bob.name} and @{carol.name}"
    mentions = [{"id": bob.id, "name": bob.name}]
    sent = await alice.say(target, text, clientMsgId=f"m-{target}")
    assert sent["mentions"] == mentions
    assert "mentions" not in await alice.say(target, text, clientMsgId=f"m-{target}")
    await alice.say(target, "no one")
    assert await count(bob, target) == (2, 1)
    assert (await bob.call("mention.list", limit=1))["messages"][0]["id"] == sent["id"]
    (first, second) = (await bob.call("message.history", target=target))["messages"]
    assert (first["mentions"], "mentions" in second) == (mentions, False)

    edited = await alice.call("message.edit", target=target, id=sent["id"], msg="look")
    assert edited["mentions"] == []
    assert (await bob.push("message.edited", id=sent["id"])).data["mentions"] == []
    assert await count(bob, target) == (2, 0)
    everybody = await alice.say(target, "@all look")
    assert everybody["mentions"] == [{"name": "all"}]
    assert await count(bob, target) == (3, 1)
    await bob.call("read.mark", target=target, seq=everybody["seq"])
    assert await count(bob, target) == (0, 0)
