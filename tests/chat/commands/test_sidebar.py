"""A user arranges their list of channels; the arrangement is the same on all of their devices, and nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, UserClient

pytestmark = pytest.mark.each_database

EMPTY: dict[str, Any] = {"revision": 0, "sort": "latest", "sections": []}


def section(name: str, *channels: str) -> dict[str, Any]:
    return {"name": name, "channels": list(channels)}


async def kept(client: UserClient, *sections: dict[str, Any]) -> list[dict[str, Any]]:
    """Arrange the sections, and return them as they are kept."""
    revision = (await client.call("sidebar.get"))["revision"]
    sections_kept: list[dict[str, Any]] = (
        await client.call("sidebar.change", revision=revision, sections=list(sections))
    )["sections"]
    return sections_kept


@both_codecs
async def test_bob_arranges_his_list_on_all_his_devices(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob, app=102)
    first, second = await alice.group(bob), await alice.group(bob)
    assert await bob.call("sidebar.get") == EMPTY

    arranged = {"revision": 1, "sort": "name", "sections": [section("Work", second, first), section("Later")]}
    reply = await bob.call("sidebar.change", revision=0, sort="name", sections=arranged["sections"])
    assert reply == arranged
    assert (await phone.push("sidebar.changed")).data == arranged
    assert await phone.call("sidebar.get") == arranged

    assert await phone.call("sidebar.change", revision=1, sort="unread") == arranged | {"revision": 2, "sort": "unread"}
    assert (await bob.push("sidebar.changed")).data == arranged | {"revision": 2, "sort": "unread"}
    assert not [one for user in (alice, phone) for one in await user.settle() if one.cmd == "sidebar.changed"]
    assert await alice.call("sidebar.get") == EMPTY


async def test_a_device_that_missed_a_change_overwrites_nothing(clients: Clients) -> None:
    bob = (await clients("bob"))[0]
    phone = await clients.again(bob, app=102)
    changes = [one.request("sidebar.change", revision=0, sections=[section("Mine")]) for one in (bob, phone)]
    replies = await asyncio.gather(*changes)
    assert sorted(reply.code for reply in replies) == [200, 1009]
    refused = next(reply for reply in replies if reply.code == 1009)
    assert (refused.reason, refused.data["revision"]) == ("sidebar_changed", 1)


async def test_only_own_channels_are_kept_and_each_once(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    own, hidden, left = await alice.group(bob), await alice.group(), await alice.group(bob)
    private, hall = await alice.private(bob), bob.room
    await bob.call("channel.leave", target=left)
    named = section("One", own, hidden, left, "999999999", own, hall)
    assert await kept(bob, named, section("Two", own, private)) == [section("One", own, hall), section("Two", private)]
