"""Attack 17: the same request twice at the same moment. Each is atomic: it takes effect once, or in sequence."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.client import Envelope
from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database


async def send_concurrently(*requests: tuple[UserClient, str, dict[str, object]]) -> list[Envelope]:
    posted = [await person.post(cmd, fields) for person, cmd, fields in requests]
    return list(await asyncio.gather(*posted))


async def notes(person: UserClient, group: str) -> list[str]:
    page = await person.call("message.history", target=group)
    return [note["note"] for note in page["notes"]]


async def test_concurrent_joins_create_one_membership(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    phones = [carol, *[await clients.again(carol) for _ in range(4)]]
    group = await alice.group(join="open")

    answers = await send_concurrently(*[(phone, "channel.join", {"target": group}) for phone in phones])

    assert [answer.code for answer in answers] == [200] * 5
    assert (await notes(alice, group)).count("joined") == 1
    assert (await alice.call("channel.get", target=group))["memberCount"] == 2


async def test_concurrent_invitations_create_one_membership(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob)
    invite = {"target": group, "members": [carol.name]}

    answers = await send_concurrently((alice, "channel.invite", invite), (bob, "channel.invite", invite))

    assert [answer.code for answer in answers] == [200, 200]
    assert sorted(len(answer.data["added"]) for answer in answers) == [0, 1]
    assert (await notes(alice, group)).count("invited") == 1


async def test_concurrent_sends_with_one_client_id_store_one_message(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phones = [alice, *[await clients.again(alice) for _ in range(4)]]
    channel = await alice.private(bob)

    send = {"target": channel, "type": "text", "msg": "once", "clientMsgId": "key"}
    answers = await send_concurrently(*[(phone, "message.send", send) for phone in phones for _ in range(4)])

    assert {answer.code for answer in answers} == {200}
    assert len({str(answer.data) for answer in answers}) == 1
    assert (await bob.call("channel.get", target=channel))["lastSeq"] == 1


async def test_the_last_two_members_leave_at_once(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    answers = await send_concurrently(*[(person, "channel.leave", {"target": group}) for person in (alice, bob)])

    assert [answer.code for answer in answers] == [200, 200]
    for person in (alice, bob):
        heard = [one for one in await person.settle() if one.data.get("target") == group]
        assert [one.data["note"] for one in heard].count("left") in (1, 2)
        assert await person.code("channel.get", target=group) == 1005


async def test_concurrent_leaves_end_one_membership(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob)
    group = await alice.group(bob)

    answers = await send_concurrently(*[(person, "channel.leave", {"target": group}) for person in (bob, phone)])

    assert sorted(answer.code for answer in answers) == [200, 1005]
    assert (await notes(alice, group)).count("left") == 1


async def test_two_owners_step_down_at_once_and_one_remains(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    await alice.call("channel.role", target=group, member=bob.name, role="owner")

    answers = await send_concurrently(
        *[(one, "channel.role", {"target": group, "member": one.name, "role": "member"}) for one in (alice, bob)]
    )

    assert sorted(answer.code for answer in answers) == [200, 1009]
    roles = [member["role"] for member in (await alice.call("channel.members", target=group))["members"]]
    assert sorted(roles) == ["member", "owner"]


async def test_a_concurrent_removal_and_leave_end_one_membership(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    answers = await send_concurrently(
        (alice, "channel.remove", {"target": group, "member": bob.name}), (bob, "channel.leave", {"target": group})
    )

    assert sorted(answer.code for answer in answers) == [200, 1005]
    ends = [note for note in await notes(alice, group) if note in ("left", "removed")]
    assert len(ends) == 1


async def test_a_concurrent_edit_and_recall_leave_the_message_recalled(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(alice)
    channel = await alice.private(bob)
    sent = await alice.say(channel)

    answers = await send_concurrently(
        (alice, "message.recall", {"target": channel, "id": sent["id"]}),
        (phone, "message.edit", {"target": channel, "id": sent["id"], "msg": "edited"}),
    )

    assert answers[0].code == 200 and answers[1].code in (200, 1009)
    item = await bob.call("message.get", target=channel, id=sent["id"])
    assert (item["msg"], item["recalled"]) == ("", True)


async def test_two_concurrent_guest_logins_are_two_guests(clients: Clients) -> None:
    one, other = await clients.stranger(), await clients.stranger()

    answers = await send_concurrently(*[(person, "login", {"appId": 101, "userId": "twin"}) for person in (one, other)])

    assert [answer.code for answer in answers] == [200, 200]
    assert answers[0].data["id"] != answers[1].data["id"]
