"""The channel commands are open to members and closed to strangers and guests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.channels import ABSENT_CHANNEL
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


EVERY = [
    ("channel.get", {}),
    ("channel.leave", {}),
    ("channel.invite", {"members": ["$carol"]}),
    ("channel.remove", {"member": "$bob"}),
    ("channel.rename", {"name": "Mine"}),
    ("channel.role", {"member": "$carol", "role": "owner"}),
    ("channel.policy", {"join": "open", "listed": True}),
    ("channel.members", {}),
]


@pytest.mark.parametrize(("cmd", "fields"), EVERY, ids=str)
async def test_a_stranger_is_told_a_channel_does_not_exist(clients: Clients, cmd: str, fields: dict[str, Any]) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    names = {"$bob": bob.name, "$carol": carol.name}
    given = {key: names.get(value, value) if isinstance(value, str) else value for key, value in fields.items()}
    if "members" in given:
        given["members"] = [carol.name]
    absent = await carol.refused(cmd, target=ABSENT_CHANNEL, **given)
    assert absent[0] == 1005

    for target in (
        await alice.private(bob),
        await alice.group(bob),
        await alice.group(bob, join="closed", listed=True),
        await alice.group(bob, join="open", listed=True),
    ):
        before = await alice.call("channel.get", target=target)
        assert await carol.refused(cmd, target=target, **given) == absent
        assert await alice.call("channel.get", target=target) == before


@pytest.mark.parametrize(("cmd", "fields"), [*EVERY[1:], ("channel.create", {"kind": "public", "name": "x"}),
                                             ("channel.join", {}), ("channel.search", {"q": ""})], ids=str)  # fmt: skip
async def test_guests_cannot_use_channel_commands(clients: Clients, cmd: str, fields: dict[str, Any]) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest()
    group = await alice.group(join="open", listed=True)

    answers = [await guest.refused(cmd, target=target, **fields) for target in (group, ABSENT_CHANNEL, guest.room)]
    assert answers[0][0] == 1003 and answers[1:] == answers[:1] * 2


async def test_a_guest_sees_no_channel_but_its_global_channel(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest, other = await clients.guest(app=101), await clients.guest(app=102)
    absent = await guest.refused("channel.get", target=ABSENT_CHANNEL)

    assert absent[0] == 1005
    for target in (await alice.group(join="open", listed=True), other.room):
        assert await guest.refused("channel.get", target=target) == absent


@pytest.mark.parametrize("target", [None, "", "x", "0", "-1", "1.5", "9" * 30, [], {}, True])
async def test_an_invalid_target_is_an_illegal_parameter(clients: Clients, target: object) -> None:
    [alice] = await clients("alice")

    for cmd in ("channel.get", "channel.join", "channel.leave", "channel.members"):
        assert await alice.code(cmd, target=target) == 1001


async def test_a_concurrent_leave_and_send_are_executed_in_sequence(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    sends = [await bob.post("message.send", target=group, type="text", msg="x") for _ in range(10)]
    leave = await bob.post("channel.leave", target=group)
    late = await bob.post("message.send", target=group, type="text", msg="late")

    assert [reply.code for reply in await asyncio.gather(*sends)] == [200] * 10
    assert ((await leave).code, (await late).code) == (200, 1005)
