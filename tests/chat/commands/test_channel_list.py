"""channel.list, get, members and search show channels and their members."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import CHANNEL_KEYS
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


# -- list and get -----------------------------------------------------------------------------------------------------


@both_codecs
async def test_the_list_begins_with_the_global_channel_of_the_app(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    private, group = await alice.private(bob), await alice.group(carol)
    await alice.say(private)

    channels = (await alice.call("channel.list"))["channels"]

    assert [item["target"] for item in channels] == [alice.room, private, group]
    room, pair, painters = channels
    assert set(room) == CHANNEL_KEYS | {"appId"}
    assert (room["kind"], room["appId"], room["name"], room["role"]) == ("global", 101, "Web", None)
    assert set(pair) == CHANNEL_KEYS | {"peer", "peerReadSeq"}
    assert (pair["kind"], pair["name"], pair["peer"]) == ("private", bob.nickname, bob.as_person)
    assert set(painters) == CHANNEL_KEYS | {"memberCount"}
    assert (painters["kind"], painters["name"], painters["role"]) == ("public", "Painters", "owner")
    assert (painters["memberCount"], painters["join"], painters["listed"]) == (2, "invite", False)


@both_codecs
async def test_a_private_channel_shows_the_name_of_the_other_user(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    assert (await alice.call("channel.get", target=channel))["name"] == bob.nickname
    assert (await bob.call("channel.get", target=channel))["name"] == alice.nickname


async def test_a_guest_sees_its_global_channel_only(clients: Clients) -> None:
    guest = await clients.guest(app=102)

    [room] = (await guest.call("channel.list"))["channels"]
    assert (room["target"], room["appId"]) == (guest.room, 102)
    assert await guest.call("channel.get", target=guest.room) == room


async def test_channel_get_returns_the_item_of_the_list(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    items = (await bob.call("channel.list"))["channels"]
    for item in items:
        assert await bob.call("channel.get", target=item["target"]) == item
    assert group in [item["target"] for item in items]


# -- members, search --------------------------------------------------------------------------------------------------


@both_codecs
async def test_members_come_in_pages_with_role_and_presence(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    offline = shared_site.account("carol")
    group = await alice.group(bob, offline)

    seen: list[dict[str, Any]] = []
    page: dict[str, Any] = {"hasMore": True}
    while page["hasMore"]:
        after = seen[-1]["id"] if seen else "0"
        page = await bob.call("channel.members", target=group, limit=2, after=after)
        assert set(page) == {"members", "hasMore"} and len(page["members"]) <= 2
        seen += page["members"]

    assert len(seen) == 3
    assert alice.as_person | {"role": "owner", "online": True} in seen
    assert bob.as_person | {"role": "member", "online": True} in seen
    assert [member["online"] for member in seen if member["userId"] == offline.name] == [False]


@pytest.mark.parametrize(
    "fields", [{"limit": 0}, {"limit": 101}, {"after": -1}, {"after": "x"}, {"after": 2**63}], ids=str
)
async def test_an_invalid_page_of_members_is_an_illegal_parameter(clients: Clients, fields: dict[str, Any]) -> None:
    [alice] = await clients("alice")

    assert await alice.code("channel.members", target=await alice.group(), **fields) == 1001


async def test_strangers_find_listed_open_groups_only(clients: Clients, shared_site: SharedSite) -> None:
    alice, carol = await clients("alice", "carol")
    mark = f"Mark{alice.id}"
    found = await alice.group(name=f"{mark} found", join="open", listed=True)
    await alice.group(name=f"{mark} unlisted", join="open")
    await alice.group(name=f"{mark} by invitation", join="invite", listed=True)

    reply = await carol.call("channel.search", q=mark.lower())

    assert reply == {"channels": [{"target": found, "name": f"{mark} found", "memberCount": 1, "join": "open"}]}


@pytest.mark.parametrize("q", ["", "%", "_", "\0", "\\", "'", "x" * 10_000, "马"])
async def test_any_text_can_be_searched(clients: Clients, q: str) -> None:
    [alice] = await clients("alice")

    assert await alice.code("channel.search", q=q) == 200


async def test_a_percent_sign_matches_only_itself(clients: Clients) -> None:
    [alice] = await clients("alice")
    await alice.group(name=f"All {alice.id}", join="open", listed=True)

    assert f"All {alice.id}" not in [item["name"] for item in (await alice.call("channel.search", q="%"))["channels"]]
