"""message.history returns messages in pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database


async def _timeline(clients: Clients) -> tuple[UserClient, str, list[int]]:
    """Create Alice's group with 12 messages and notes before, among and after them; return user, target and
    positions.
    """
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    for number in range(12):
        if number in (0, 3, 4, 5, 9):
            await alice.call("channel.rename", target=group, name=f"Name {number}")
        await alice.say(group, f"{number}")
    await alice.call("channel.rename", target=group, name="The end")
    pushes = [push for push in await bob.settle() if push.cmd in ("msg", "channel.note")]
    return alice, group, sorted(push.data["position"] for push in pushes)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 12, 100])
@pytest.mark.parametrize("way", ["back", "forth"])
async def test_history_pages_have_no_overlap_and_no_gap(clients: Clients, way: str, limit: int) -> None:
    alice, group, everything = await _timeline(clients)
    seen: list[int] = []
    cursor: dict[str, int] = {} if way == "back" else {"after": 0}

    more = True
    while more:
        page = await alice.call("message.history", target=group, limit=limit, **cursor)
        messages, more = page["messages"], page["hasMore"]
        assert set(page) == {"messages", "notes", "hasMore"}
        assert len(messages) <= limit and (messages or not more)
        positions = [message["position"] for message in messages]
        assert positions == sorted(positions)
        assert [message["seq"] for message in messages] == sorted(message["seq"] for message in messages)
        seen += positions + [note["position"] for note in page["notes"]]
        if messages:
            cursor = {"before": messages[0]["seq"]} if way == "back" else {"after": messages[-1]["seq"]}

    assert sorted(seen) == everything


async def test_history_items_are_as_in_a_push(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group, "one")
    await alice.say(group, "two", replyTo=(await alice.say(group))["id"])

    page = await bob.call("message.history", target=group)

    pushes = [push for push in await bob.settle() if push.cmd in ("msg", "channel.note")]
    assert page["messages"] == [push.data for push in pushes if push.cmd == "msg"]
    assert page["notes"] == [push.data for push in pushes if push.cmd == "channel.note"]


@both_codecs
async def test_history_without_a_cursor_returns_the_newest_messages(clients: Clients) -> None:
    alice, group, _ = await _timeline(clients)

    page = await alice.call("message.history", target=group, limit=3)

    assert [message["msg"] for message in page["messages"]] == ["9", "10", "11"] and page["hasMore"] is True


async def test_an_empty_channel_has_an_empty_history(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    page = await alice.call("message.history", target=await alice.private(bob))

    assert page["messages"] == [] and page["hasMore"] is False
    assert [note["note"] for note in page["notes"]] == ["created"]


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": -1},
        {"limit": "many"},
        {"before": -1},
        {"before": "x"},
        {"after": 2**63},
        {"before": 1, "after": 1},
    ],
    ids=str,
)
async def test_an_invalid_page_is_an_illegal_parameter(clients: Clients, fields: dict[str, Any]) -> None:
    guest = await clients.guest()

    assert await guest.code("message.history", target=guest.room, **fields) == 1001


@pytest.mark.parametrize("fields", [{"before": 2**63 - 1}, {"after": 2**63 - 1}, {"before": 0}, {"before": 1}], ids=str)
async def test_a_page_at_the_edge_is_answered(clients: Clients, fields: dict[str, Any]) -> None:
    guest = await clients.guest()

    assert await guest.code("message.history", target=guest.room, **fields) == 200


@both_codecs
async def test_long_messages_make_short_pages(clients: Clients) -> None:
    """A page that would not fit the connection's outbox is split, in history and sync alike."""
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    start = (await bob.call("heartbeat"))["position"]
    await bob.close()
    # A control character takes six bytes in JSON: these are 3.6 million.
    for _ in range(75):
        await alice.say(channel, "\x01" * 7999 + "x")
    back = await clients.again(bob, after=start)

    seqs: list[int] = []
    page: dict[str, Any] = {"position": start, "hasMore": True}
    while page["hasMore"]:
        page = await back.call("sync", after=page["position"])
        seqs += [event["response"]["data"]["seq"] for event in page["events"]]
    assert seqs == list(range(1, 76))

    for way in ("before", "after"):
        seqs, cursor = [], 0 if way == "after" else 76
        more = True
        while more:
            page = await back.call("message.history", target=channel, limit=100, **{way: cursor})
            numbers, more = [message["seq"] for message in page["messages"]], page["hasMore"]
            seqs = seqs + numbers if way == "after" else numbers + seqs
            cursor = numbers[-1] if way == "after" else numbers[0]
        assert seqs == list(range(1, 76))
