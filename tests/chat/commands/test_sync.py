"""heartbeat reports the position and sync returns missed events."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


async def test_a_heartbeat_returns_the_position(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    sent = await alice.say(await alice.private(bob))
    await bob.push("msg")

    reply = await bob.call("heartbeat")

    assert set(reply) == {"position"} and reply["position"] >= sent["position"]


async def test_pushes_below_a_reported_position_were_written_before_it(clients: Clients) -> None:
    """A heartbeat among many pushes never reports the position of an unwritten push."""
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    sends = [await alice.post("message.send", target=channel, type="text", msg="x") for _ in range(100)]
    for _ in range(30):
        await bob.call("heartbeat")
    await asyncio.gather(*sends)
    await bob.settle()

    told = 0
    for envelope in bob.received:
        if envelope.cmd == "heartbeat":
            told = envelope.data["position"]
        elif envelope.cmd == "msg":
            assert envelope.data["position"] > told


async def test_sync_returns_missed_events_like_their_pushes(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    watcher = await clients.again(bob)
    before = (await bob.call("heartbeat"))["position"]
    await bob.close()

    sent = await alice.say(group, "one")
    await alice.call("message.edit", target=group, id=sent["id"], msg="two")
    await alice.say(group, "three")
    await alice.call("message.recall", target=group, id=sent["id"])
    await alice.call("channel.rename", target=group, name="Poets")
    await watcher.push("channel.note", note="renamed")
    back = await clients.again(bob, after=before)
    reply = await back.call("sync", after=before)

    assert set(reply) == {"events", "position", "hasMore"} and reply["hasMore"] is False
    live = [envelope for envelope in watcher.received if envelope.cmd not in ("login", "enter", "exit")]
    assert [event["cmd"] for event in reply["events"]] == [envelope.cmd for envelope in live]
    assert [event["cmd"] for event in reply["events"]] == [
        "msg",
        "message.edited",
        "msg",
        "message.recalled",
        "channel.note",
    ]
    for event, envelope in zip(reply["events"], live, strict=True):
        assert set(event) == {"seq", "cmd", "response"}
        assert (event["response"]["code"], event["response"]["codeMsg"]) == (200, "Ok")
        assert event["seq"] == envelope.seq and set(event["response"]["data"]) >= set(envelope.data)
        assert event["response"]["data"]["position"] == envelope.data["position"] <= reply["position"]


async def test_a_replay_shows_neither_recalled_nor_replaced_text(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    first, second = await alice.say(channel, "secret one"), await alice.say(channel, "secret two")
    await alice.call("message.edit", target=channel, id=first["id"], msg="harmless")
    await alice.call("message.recall", target=channel, id=second["id"])

    reply = await bob.call("sync", after=0)

    assert "secret" not in json.dumps(reply)


async def test_a_login_with_after_reports_no_position_beyond_the_synced_one(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    start = (await bob.call("heartbeat"))["position"]
    await bob.close()
    for number in range(250):  # more than one page
        await alice.post("message.send", target=channel, type="text", msg=f"{number}")
    await alice.call("ping")

    back = await clients.again(bob, after=start)
    assert back.received[0].data["position"] == start
    assert (await back.call("heartbeat"))["position"] == start
    live = await alice.say(channel, "live")
    await back.push("msg", id=live["id"])
    assert (await back.call("heartbeat"))["position"] == start, "a live push must not move the position"

    page = await back.call("sync", after=start)
    assert page["hasMore"] is True and page["position"] < live["position"]
    assert (await back.call("heartbeat"))["position"] == page["position"]

    texts = [event["response"]["data"]["msg"] for event in page["events"]]
    while page["hasMore"]:
        page = await back.call("sync", after=page["position"])
        texts += [event["response"]["data"]["msg"] for event in page["events"]]
    assert texts == [f"{number}" for number in range(250)] + ["live"]
    assert (await back.call("heartbeat"))["position"] >= live["position"]


async def test_a_login_with_after_and_no_missed_event_is_synced_at_once(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    position = (await bob.call("heartbeat"))["position"]
    again = await clients.again(bob, after=position)
    sent = await alice.say(await alice.private(bob))
    await again.push("msg")

    assert (await again.call("heartbeat"))["position"] >= sent["position"]


@pytest.mark.parametrize("ahead", [1, 10**6, 2**62])
async def test_a_sync_from_beyond_the_head_is_a_reset(clients: Clients, ahead: int) -> None:
    [alice] = await clients("alice")
    head = (await alice.call("heartbeat"))["position"]

    reply = await alice.call("sync", after=head + ahead)

    assert set(reply) == {"reset", "position"} and reply["reset"] is True and reply["position"] >= head


@pytest.mark.parametrize("after", [None, "x", -1, 1.5, True, 2**63, []])
async def test_a_sync_without_a_valid_position_is_an_illegal_parameter(clients: Clients, after: object) -> None:
    [alice] = await clients("alice")

    assert await alice.code("sync", after=after) == 1001


@both_codecs
async def test_sync_covers_the_own_channels_only(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    channel = await alice.private(bob)
    await alice.say(channel, "between us")

    assert "between us" not in json.dumps(await carol.call("sync", after=0))


async def test_sync_omits_global_channels(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    before = (await alice.call("heartbeat"))["position"]
    await bob.say(bob.room, "to everyone")

    assert (await alice.call("sync", after=before))["events"] == []


async def test_sync_of_a_guest_returns_no_events(clients: Clients) -> None:
    guest = await clients.guest()

    reply = await guest.call("sync", after=0)

    assert reply.get("events") == [] or reply.get("reset")
