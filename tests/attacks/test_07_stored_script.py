"""Attack 7: script is stored and shown to other users. The protocol carries it unchanged, as text."""

from __future__ import annotations

import json

import pytest

from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database

SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</script><svg onload=alert(1)>",
    '"><b>',
    "javascript:alert(1)",
    "{{7*7}}${7*7}%s%n",
    "' OR 1=1; DROP TABLE chat_message; --",
    "\u2028\u2029",
    "x\\u003cscript\\u003e",
]


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_message_is_delivered_unchanged(clients: Clients, script: str) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    await alice.say(channel, f"x{script}")

    assert (await bob.push("msg")).data["msg"] == f"x{script}"
    [item] = (await bob.call("message.history", target=channel))["messages"]
    assert item["msg"] == f"x{script}"
    # Each frame is one JSON object, with any content.
    assert all(isinstance(json.loads(frame), dict) for frame in bob.frames)


@pytest.mark.parametrize("script", SCRIPTS[:5])
async def test_the_name_of_a_group_and_its_note_are_delivered_as_text(clients: Clients, script: str) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob, name=script)

    assert (await bob.push("channel.note", note="created")).data["value"] == script
    assert (await bob.call("channel.get", target=group))["name"] == script


async def test_the_name_of_a_guest_in_enter_and_exit_is_text(clients: Clients) -> None:
    [alice] = await clients("alice")
    name = "<b>x</b>"
    guest = await clients.guest(name)

    push = await alice.push("enter", fromId=guest.id)
    assert (push.data["from"], push.data["name"]) == (name, name)
    await guest.close()
    assert (await alice.push("exit", fromId=guest.id)).data["from"] == name


async def test_a_request_is_reflected_as_json_only(clients: Clients) -> None:
    [alice] = await clients("alice")
    for script in SCRIPTS:
        envelope = await alice.request(script[:60], q=script)
        assert envelope.code == 1010
        assert (await alice.request("channel.create", kind="private", members=[script])).code == 1005
