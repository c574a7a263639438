"""`message.forward` on both codecs: the sender gets the reply, all others the message."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_alice_forwards_what_bob_said(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group, private = await alice.group(bob), await alice.private(carol)
    said = await bob.say(group, "hello")
    request = {"target": group, "id": said["id"], "to": private, "clientMsgId": f"f-{said['id']}"}
    reply = await alice.call("message.forward", **request)
    assert await alice.call("message.forward", **request) == reply
    (shown,) = (await carol.call("message.history", target=private))["messages"]
    assert (shown["id"], shown["from"], shown["content"]) == (reply["id"], alice.name, "hello")
    assert shown["forwarded"]["from"] == bob.name and shown["msg"].endswith(":\nhello")
    # Carol cannot read the group, so she cannot forward from it.
    assert (await carol.refused("message.forward", target=group, id=said["id"], to=private))[0] == 1005
