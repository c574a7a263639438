"""Users who are away: by their own choice, or because they make no input."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database
LONG_AGO = 100_000


async def members(by: UserClient, group: str) -> dict[str, dict[str, Any]]:
    page = await by.call("channel.members", target=group)
    return {member["id"]: member for member in page["members"]}


@both_codecs
async def test_bob_sees_that_alice_set_herself_away(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob", activity=True)
    [carol] = await clients("carol")
    group = await alice.group(bob, carol)

    assert await alice.call("presence.set", presence="away") == {"presence": "away"}

    pushed = (await bob.push("presence.changed", away=True)).data
    assert pushed["by"] == alice.as_person
    listed = await members(bob, group)
    assert (listed[alice.id]["online"], listed[alice.id]["away"]) == (True, True)
    assert "away" not in listed[carol.id]
    online = {user["id"]: user for user in (await bob.call("presence.list"))["online"]}
    assert online[alice.id]["away"] is True and "away" not in online[bob.id]
    again = await clients.again(alice)
    assert (await members(bob, group))[alice.id]["away"] is True

    await again.call("presence.set", presence="auto")
    await bob.push("presence.changed", away=False)
    await alice.push("presence.mode", presence="auto")
    assert "away" not in (await members(bob, group))[alice.id]
    # Carol's client knows of no such pushes.
    await alice.call("channel.rename", target=group, name="Done")
    await carol.push("channel.note", value="Done")
    assert not {"presence.changed", "presence.mode"} & {push.cmd for push in carol.inbox}


async def test_alice_is_away_while_none_of_her_pages_reports_input(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob", activity=True)
    group = await alice.group(bob)
    await alice.call("push.active", active=True, idle=LONG_AGO)
    await bob.push("presence.changed", away=True)
    assert (await members(bob, group))[alice.id]["away"] is True
    # A connection that reports nothing may be that of an older client.
    phone = await clients.again(alice)
    await bob.push("presence.changed", away=False)
    await phone.call("push.active", active=False, idle=LONG_AGO)
    await bob.push("presence.changed", away=True)
    await alice.call("push.active", active=True)
    await bob.push("presence.changed", away=False)


async def test_away_is_hidden_with_presence(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob", activity=True)
    group = await alice.group(bob)
    await bob.call("person.block", userId=alice.name)
    for one, other in ((alice, bob), (bob, alice)):
        await one.call("presence.set", presence="away")
        assert "away" not in (await members(other, group))[one.id]
