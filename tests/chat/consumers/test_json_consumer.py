"""The consumer of `/acc` batches frames, delivers to every connection, and cleans up after each."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.shared_site import Clients, SharedSite, UserClient

pytestmark = pytest.mark.each_database


async def flood(sender: UserClient, target: str, count: int) -> None:
    replies = [await sender.post("message.send", target=target, type="text", msg=f"{n}") for n in range(count)]
    assert {reply.code for reply in await asyncio.gather(*replies)} == {200}


async def test_a_batching_client_gets_arrays_under_load(clients: Clients, shared_site: SharedSite) -> None:
    [alice] = await clients("alice")
    bob = await clients.login(shared_site.account("bob"), query="?batch=1")
    channel = await alice.private(bob)

    await flood(alice, channel, 400)
    await bob.until(lambda: sum(one.cmd == "msg" for one in bob.received) == 400)

    assert [one.data["msg"] for one in bob.received if one.cmd == "msg"] == [f"{n}" for n in range(400)]
    arrays = [json.loads(frame) for frame in bob.frames if frame.startswith("[")]
    assert arrays and all(len(array) > 1 for array in arrays)
    assert len(bob.frames) < 400


@pytest.mark.parametrize("query", ["", "?batch=0", "?batch=", "?batch=2", "?batch=1&batch=0", "?Batch=1", "?%ff=1"])
async def test_a_client_without_batching_never_gets_an_array(
    clients: Clients, shared_site: SharedSite, query: str
) -> None:
    [alice] = await clients("alice")
    bob = await clients.login(shared_site.account("bob"), query=query)
    channel = await alice.private(bob)

    await flood(alice, channel, 200)
    await bob.until(lambda: sum(one.cmd == "msg" for one in bob.received) == 200)

    assert not [frame for frame in bob.frames if frame.startswith("[")]


async def test_replies_of_a_batching_connection_keep_their_order(clients: Clients, shared_site: SharedSite) -> None:
    alice = await clients.login(shared_site.account(), query="?batch=1")
    bob = await clients.login(shared_site.account("bob"))
    channel = await alice.private(bob)

    await flood(alice, channel, 100)

    seqs = [one.data["seq"] for one in alice.received if one.cmd == "message.send"]
    assert seqs == list(range(1, 101))


async def test_a_message_reaches_every_connection_of_every_member(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    others = [await clients.again(alice), await clients.again(bob), await clients.again(bob, app=103)]

    sent = await alice.say(group)

    for person in (bob, *others):
        assert (await person.push("msg", id=sent["id"])).data["target"] == group


async def test_a_new_connection_gets_all_later_messages(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    stop = asyncio.Event()

    async def talk() -> None:
        while not stop.is_set():
            await alice.say(channel)

    talking = asyncio.create_task(talk())
    late = [await clients.again(bob) for _ in range(5)]
    for person in late:
        await person.push("msg")
    stop.set()
    await talking
    last = await alice.say(channel, "last")

    for person in late:
        await person.push("msg", id=last["id"])
        pushes = [one.data for one in person.received if one.cmd == "msg"]
        told, first = person.received[0].data["position"], pushes[0]["seq"]
        assert pushes[0]["position"] > told
        assert [push["seq"] for push in pushes] == list(range(first, last["seq"] + 1))
        # Everything up to the reported position came earlier: the first push is the next message.
        before = await bob.call("message.history", target=channel, before=first, limit=1)
        assert not before["messages"] or before["messages"][0]["position"] <= told


async def test_a_lost_connection_takes_its_user_offline(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest()
    await alice.push("enter", fromId=guest.id)

    await guest.vanish()

    await alice.push("exit", fromId=guest.id)
    assert guest.id not in [item["id"] for item in (await alice.call("presence.list"))["online"]]


async def test_sends_in_flight_on_a_lost_connection_are_stored_once_after_a_retry(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    keys = [f"{number}" for number in range(50)]
    for key in keys:
        await alice.post("message.send", target=channel, type="text", msg=key, clientMsgId=key)
    await alice.vanish()

    back = await clients.again(alice)
    for reply in [await back.post("message.send", target=channel, type="text", msg=k, clientMsgId=k) for k in keys]:
        assert (await reply).code == 200

    page = await bob.call("message.history", target=channel, limit=100)
    assert sorted(message["msg"] for message in page["messages"]) == sorted(keys)
    assert [message["seq"] for message in page["messages"]] == list(range(1, 51))


@pytest.mark.parametrize("path", ["/acc/", "/ac", "/", "/accx", "/acc/x", "/ACC"])
async def test_no_other_path_accepts_websockets(shared_site: SharedSite, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{shared_site.site.port}{path}", proxy=None)
    assert refused.value.response.status_code in (403, 404)


async def test_a_slow_reader_gets_all_requested_large_replies(clients: Clients, shared_site: SharedSite) -> None:
    """The replies exceed the outbox by far: the next request is read when its reply has room."""
    [alice] = await clients("alice")
    assert alice.account is not None
    target, asked = await alice.group(), 120
    for start in range(0, 40, 10):
        replies = [
            await alice.post("message.send", target=target, type="text", msg="x" * 7900, clientMsgId=f"{start + n}")
            for n in range(10)
        ]
        assert {reply.code for reply in await asyncio.gather(*replies)} == {200}

    async with connect(shared_site.site.acc) as reader:
        await reader.send(
            json.dumps({"seq": "in", "cmd": "login", "data": {"appId": 101, "serviceToken": alice.token}})
        )
        await reader.recv()
        for number in range(asked):
            data = {"target": target, "limit": 100}
            await reader.send(json.dumps({"seq": f"h{number}", "cmd": "message.history", "data": data}))
        # The client reads nothing while another gets as many replies, so the network buffers are full.
        for _ in range(asked):
            await alice.call("message.history", target=target, limit=100)
        async with asyncio.timeout(30):
            answers: list[dict[str, Any]] = []
            while len(answers) < asked:
                frame = json.loads(await reader.recv())
                # Other users of the global channel connect and disconnect meanwhile.
                if frame["cmd"] == "message.history":
                    answers.append(frame)

    assert [answer["seq"] for answer in answers] == [f"h{number}" for number in range(asked)]
    assert {answer["response"]["code"] for answer in answers} == {200}
