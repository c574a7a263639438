"""`saved.add`, `saved.remove`, `saved.list` and `saved.ids` on both codecs."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_bob_saves_what_alice_said(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob)
    group = await alice.group(bob)
    first, second = await alice.say(group, "one"), await alice.say(group, "two")
    saved = [await bob.call("saved.add", target=group, id=said["id"]) for said in (first, second)]
    assert await bob.call("saved.add", target=group, id=first["id"]) == saved[0]
    # Only the user's other connections are told, once.
    assert [(await phone.push("saved.changed", id=mark["id"])).data for mark in saved] == saved
    page = await bob.call("saved.list", limit=1)
    assert [(row["msg"], row["savedAt"]) for row in page["messages"]] == [("two", saved[1]["savedAt"])]
    rest = await bob.call("saved.list", limit=1, before=page["next"])
    assert ([row["msg"] for row in rest["messages"]], rest["next"]) == (["one"], None)
    assert await phone.call("saved.ids") == {"ids": [second["id"], first["id"]], "next": None}

    for _ in range(2):
        assert await bob.call("saved.remove", id=first["id"]) == {"id": first["id"]}
    gone = await phone.take(lambda push: push.cmd == "saved.changed" and "savedAt" not in push.data)
    assert gone.data == {"target": group, "id": first["id"]}
    assert not [push for push in await phone.settle() if push.cmd == "saved.changed"]
    assert not [push for push in await alice.settle() if push.cmd == "saved.changed"]
    await alice.call("message.recall", target=group, id=second["id"])
    assert (await bob.call("saved.list"))["messages"] == []
