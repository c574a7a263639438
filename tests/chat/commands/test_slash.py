"""Users list and call slash commands over both codecs."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_alice_acts_and_is_not_disturbed(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.group(bob)
    names = [one["name"] for one in (await alice.call("slash.list", target=target))["commands"]]
    assert names[:10] == ["me", "shrug", "topic", "rename", "invite", "mute", "leave", "dnd", "away", "help"]
    for _ in range(2):
        await alice.call("slash.run", target=target, text=f"/me waves @{bob.name}", clientMsgId=f"me-{target}")
    (message,) = (await bob.call("message.history", target=target))["messages"]
    assert (message["action"], message["content"]) == (True, f"waves @{bob.name}")
    assert message["msg"] == f"* {message['name']} waves @{bob.name}" and message["mentions"][0]["id"] == bob.id
    told = await alice.call("slash.run", target=target, text="/dnd 1h")
    assert (await alice.push("dnd.changed")).data == {"until": told["until"]}
    assert await alice.call("dnd.set", seconds=0) == {}
    assert (await bob.refused("slash.run", target=target, text="/nope"))[0] == 1010
    assert len((await bob.call("message.history", target=target))["messages"]) == 1
