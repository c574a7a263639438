"""channel.rename, role and policy change a group; an operator closes a channel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import ABSENT_CHANNEL, members_of, next_note
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


# -- rename, role, policy ---------------------------------------------------------------------------------------------


@both_codecs
async def test_alice_renames_the_group(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    assert (await alice.call("channel.rename", target=group, name="诗人"))["name"] == "诗人"
    assert (await next_note(bob, "renamed"))["value"] == "诗人"


async def test_a_group_renamed_to_nothing_is_named_after_its_members(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    in_order = sorted((alice, bob), key=lambda one: int(one.id))
    expected = ", ".join(one.nickname for one in in_order)
    assert (await alice.call("channel.rename", target=group, name=""))["name"] == expected


@pytest.mark.parametrize("name", ["x" * 65, " ", "a\u200bb", "a\0", 5, None])
async def test_an_invalid_name_is_an_illegal_parameter(clients: Clients, name: object) -> None:
    [alice] = await clients("alice")

    assert await alice.code("channel.rename", target=await alice.group(), name=name) == 1001


@both_codecs
async def test_an_owner_sets_a_role_and_all_members_are_notified(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol)

    assert await alice.call("channel.role", target=group, member=bob.name, role="admin") == {"target": group}
    heard = await next_note(carol, "role")
    assert (heard["who"], heard["value"]) == ([bob.as_person], "admin")
    for person in (bob, carol):
        assert await person.code("channel.role", target=group, member=person.name, role="owner") == 1003
    assert await members_of(alice, group) == {alice.name: "owner", bob.name: "admin", carol.name: "member"}


@both_codecs
async def test_the_last_owner_cannot_be_demoted(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    assert await alice.code("channel.role", target=group, member=alice.name, role="member") == 1009
    assert await alice.code("channel.role", target=group, member=bob.name, role="owner") == 200
    assert await alice.code("channel.role", target=group, member=alice.name, role="member") == 200
    assert await members_of(alice, group) == {alice.name: "member", bob.name: "owner"}


@both_codecs
async def test_the_policy_decides_who_can_join_and_find_a_group(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    group = await alice.group(name="Unmistakable")

    reply = await alice.call("channel.policy", target=group, join="open", listed=True)
    assert (reply["join"], reply["listed"]) == ("open", True)
    assert (await next_note(alice, "policy"))["value"] == "open"
    assert await carol.code("channel.join", target=group) == 200
    reply = await alice.call("channel.policy", target=group, listed=False)
    assert (reply["join"], reply["listed"]) == ("open", False)


@both_codecs
async def test_topic_and_description_are_shown_and_announced(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    assert "topic" not in await bob.call("channel.get", target=group)

    changed = await alice.call("channel.policy", target=group, topic=" Exhibition \n on 3 May ", description="a\r\nb\n")
    assert (changed["topic"], changed["description"]) == ("Exhibition on 3 May", "a\nb")
    assert (await next_note(bob, "topic"))["value"] == "Exhibition on 3 May"
    assert (await next_note(bob, "description"))["value"] == ""
    # The same again, and a text that shows nothing.
    await alice.call("channel.policy", target=group, topic="Exhibition on 3 May")
    assert "topic" not in await alice.call("channel.policy", target=group, topic="\u200b ")
    assert (await next_note(bob, "topic"))["value"] == ""
    for fields, reason in [
        ({"topic": "x" * 251}, "topic_too_long"),
        ({"topic": "a\0"}, "topic_too_long"),
        ({"description": "x" * 501}, "description_too_long"),
    ]:
        assert await alice.refusal("channel.policy", target=group, **fields) == (1001, reason)


@both_codecs
async def test_an_owner_closes_and_reopens_the_group(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)

    for _ in range(2):
        assert (await alice.call("channel.close", target=group, closed=True))["closed"] is True
    assert (await next_note(bob, "closed"))["by"] == alice.as_person
    assert await bob.code("message.send", target=group, msg="x") == 1009
    assert (await alice.call("channel.close", target=group, closed=False))["closed"] is False
    assert (await next_note(bob, "reopened"))["by"] == alice.as_person
    assert await bob.code("message.send", target=group, msg="x") == 200


@pytest.mark.parametrize(
    ("cmd", "fields"),
    [
        ("channel.rename", {"name": "Mine"}),
        ("channel.policy", {"join": "open"}),
        ("channel.policy", {"listed": True}),
        ("channel.role", {"member": "$bob", "role": "owner"}),
        ("channel.remove", {"member": "$bob"}),
    ],
    ids=str,
)
async def test_a_member_cannot_manage_a_group(clients: Clients, cmd: str, fields: dict[str, Any]) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    before = await alice.call("channel.get", target=group)
    given = {key: bob.name if value == "$bob" else value for key, value in fields.items()}

    assert await carol.code(cmd, target=group, **given) == 1003
    assert await alice.call("channel.get", target=group) == before


# -- closed by an operator --------------------------------------------------------------------------------------------


async def test_a_closed_channel_can_only_be_read(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, join="open", listed=True, name=f"Shut{alice.id}")
    sent = await alice.say(group)
    operator = shared_site.account("dave")
    script = f"""
from accounts.models import User
from chat.actions.channel import channel_set_closed
channel_set_closed(operator=User.objects.get(pk={operator.id}), channel_id={group}, closed=%s)
"""

    shared_site.shell(script % True)

    assert (await next_note(bob, "closed"))["by"]["id"] == operator.id
    for cmd, fields in [
        ("message.send", {"msg": "x"}),
        ("message.edit", {"id": sent["id"], "msg": "x"}),
        ("channel.rename", {"name": "x"}),
        ("channel.invite", {"members": [carol.name]}),
        ("channel.policy", {"listed": False}),
    ]:
        assert await alice.code(cmd, target=group, **fields) == 1009
    assert (await bob.call("channel.get", target=group))["closed"] is True
    assert await alice.refusal("channel.close", target=group, closed=False) == (1003, "closed_by_operator")
    assert len((await bob.call("message.history", target=group))["messages"]) == 1
    assert await bob.code("read.mark", target=group, seq=1) == 200
    # For others the group no longer exists.
    assert (await carol.call("channel.search", q=f"Shut{alice.id}"))["channels"] == []
    assert await carol.refused("channel.join", target=group) == await carol.refused(
        "channel.join", target=ABSENT_CHANNEL
    )

    shared_site.shell(script % False)

    await next_note(bob, "reopened")
    assert await bob.code("message.send", target=group, msg="x") == 200
