"""message.search finds readable messages only, in pages."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, UserClient
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database


async def found(person: UserClient, q: str, **how: Any) -> list[str]:
    return [message["msg"] for message in (await person.call("message.search", q=q, **how))["messages"]]


async def send_indexed(person: UserClient, target: str, text: str) -> dict[str, Any]:
    """Send a message and wait until the index contains it."""
    sent = await person.say(target, text)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while text not in await found(person, text, target=target):  # noqa: ASYNC110  nothing announces it
            await asyncio.sleep(0.1)
    return sent


@both_codecs
async def test_members_find_messages_and_a_stranger_does_not(clients: Clients) -> None:
    alice, bob, eve = await clients("alice", "bob", "carol")
    target, word = await alice.private(bob), uuid.uuid4().hex
    text = f"马远 {word}"
    await send_indexed(alice, target, text)
    for person in (alice, bob):
        assert await found(person, word) == await found(person, "马远 " + word[:9], target=target) == [text]
    assert await found(eve, word) == []
    # A hidden channel is answered like a missing one.
    assert await eve.refused("message.search", q=word, target=target) == await eve.refused(
        "message.search", q=word, target="999999999"
    )


async def test_former_members_and_recalled_messages_are_excluded_from_search(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    target, word = await alice.group(bob), uuid.uuid4().hex
    sent = await send_indexed(alice, target, word)
    assert await found(bob, word) == [word]
    await bob.call("channel.leave", target=target)
    assert await found(bob, word) == []
    await alice.call("message.recall", target=target, id=sent["id"])
    assert await found(alice, word) == []


async def test_pages_go_from_the_newest_to_the_oldest(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    target, word = await alice.private(bob), uuid.uuid4().hex
    for number in range(2):
        await alice.say(target, f"{word} {number}")
    await send_indexed(alice, target, f"{word} 2")
    page = await bob.call("message.search", q=word, limit=2)
    assert [one["msg"] for one in page["messages"]] == [f"{word} 2", f"{word} 1"]
    rest = await bob.call("message.search", q=word, limit=2, before=page["next"])
    assert [one["msg"] for one in rest["messages"]] == [f"{word} 0"] and rest["next"] is None


async def test_an_invalid_search_is_refused(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest()
    for bad in ({}, {"q": ""}, {"q": "x" * 101}, {"q": 5}, {"q": "x", "limit": 101}, {"q": "x", "before": "abc"}):
        assert await alice.code("message.search", **bad) == 1001
    assert await alice.call("message.search", q=" … ") == {"messages": [], "next": None}
    assert await guest.code("message.search", q="hello") == 1003
