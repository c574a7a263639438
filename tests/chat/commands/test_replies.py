"""Replies and pushes have the envelopes of the protocol and a defined order."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database


@both_codecs
async def test_a_reply_has_the_envelope_of_the_protocol(clients: Clients) -> None:
    alice = await clients.stranger()
    await alice.send('{"seq": "1565336219141-266129", "cmd": "ping"}')
    await alice.reply("1565336219141-266129")

    assert json.loads(alice.frames[0]) == {
        "seq": "1565336219141-266129",
        "cmd": "ping",
        "response": {"code": 200, "codeMsg": "Success", "data": "pong"},
    }


async def test_a_push_has_the_id_of_the_message_as_seq_and_the_text_ok(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    sent = await alice.say(await alice.private(bob))

    push = await bob.push("msg")

    assert (push.seq, push.code, push.text) == (sent["id"], 200, "Ok")


@both_codecs
async def test_every_request_gets_exactly_one_reply_in_its_order(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    frames = []
    for number in range(60):
        send = {"cmd": "message.send", "data": {"target": channel, "type": "text", "msg": f"{number}"}}
        kinds = [send, {"cmd": "ping"}, send, {"cmd": "nonsense"}, {"cmd": "channel.list"}, {"data": {}}, send]
        frames.append(kinds[number % len(kinds)] | {"seq": f"r{number}"})

    for frame in frames:
        await alice.send(frame)
    for number in range(60):
        await alice.reply(f"r{number}")
    await alice.settle()

    replies = [envelope.seq for envelope in alice.received if envelope.seq.startswith("r")]
    assert replies == [f"r{number}" for number in range(60)]


@both_codecs
async def test_the_same_seq_twice_is_answered_twice(clients: Clients) -> None:
    alice = await clients.stranger()
    for _ in range(2):
        await alice.send({"seq": "same", "cmd": "ping"})

    assert [(await alice.reply("same")).data for _ in range(2)] == ["pong", "pong"]


async def test_sends_in_flight_are_stored_in_their_order(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    replies = [await alice.post("message.send", target=channel, type="text", msg=f"{n}") for n in range(200)]
    seqs = [(await reply).data["seq"] for reply in replies]

    assert seqs == list(range(1, 201))
    heard = [(await bob.push("msg")).data["msg"] for _ in range(200)]
    assert heard == [f"{n}" for n in range(200)]


async def test_the_reply_to_a_send_comes_before_pushes_of_later_messages(clients: Clients) -> None:
    persons = await clients("alice", "bob", "carol", "dave")
    group = await persons[0].group(*persons[1:])

    async def talk(person: UserClient) -> None:
        for reply in [await person.post("message.send", target=group, type="text", msg="x") for _ in range(50)]:
            assert (await reply).code == 200

    await asyncio.gather(*map(talk, persons))

    for person in persons:
        await person.until(partial(_has_all, person, group))
        # Own messages from replies and those of others from pushes form the channel's order.
        assert _numbers(person, group) == list(range(1, 201))


def _has_all(person: UserClient, group: str) -> bool:
    return len(_numbers(person, group)) >= 200


def _numbers(person: UserClient, group: str) -> list[int]:
    said = [one.data for one in person.received if one.cmd in ("msg", "message.send")]
    return [data["seq"] for data in said if data["target"] == group]


@both_codecs
async def test_ids_are_strings_and_counts_are_numbers(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    sent = await alice.say(group, replyTo=(await alice.say(group))["id"])
    await alice.call("message.edit", target=group, id=sent["id"], msg="edited")
    await bob.call("channel.members", target=group)
    await alice.call("message.history", target=group)
    await alice.call("message.recall", target=group, id=sent["id"])
    await alice.call("channel.list")
    await bob.settle()

    def check(value: object, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                check(inner, name)
        elif isinstance(value, list):
            for inner in value:
                check(inner, key)
        elif key in {"id", "fromId", "target", "replyTo", "userId", "from"}:
            assert isinstance(value, str), key
        elif key in {"seq", "position", "time", "replySeq", "editedAt", "lastSeq", "readSeq", "unread", "memberCount"}:
            assert isinstance(value, int), key

    for envelope in alice.received + bob.received:
        check(envelope.data)
