"""Users join a group by a link over both codecs, at once or after approval."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import cast

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.rate_limits import invite_rate_limit
from chat.commands.invites import count_try
from chat.commands.registry import Call
from chat.errors import ChatError
from tests.support.call_socket import both_codecs
from tests.support.channels import next_note
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_carol_opens_a_link_and_joins(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, name="Painters", join="closed")
    await alice.call("channel.policy", target=group, topic="Ink")

    link = await alice.call("invite.create", target=group, maxUses=5)
    assert (link["by"], link["uses"], link["maxUses"], link["needsApproval"]) == (alice.as_person, 0, 5, False)
    assert link["expiresAt"] - link["time"] == 7 * 86_400_000
    assert (await alice.call("invite.list", target=group))["invites"] == [link]
    assert await bob.refusal("invite.list", target=group) == (1003, "manager_required")
    assert await carol.call("invite.show", token=link["token"]) == {
        "target": group, "name": "Painters", "topic": "Ink", "memberCount": 2, "by": alice.as_person, "state": "open",
    }  # fmt: skip
    joined = await carol.call("invite.accept", token=link["token"])
    assert (joined["state"], joined["channel"]["role"]) == ("member", "member")
    assert (await next_note(bob, "joined"))["who"] == [carol.as_person]
    assert (await alice.call("invite.list", target=group))["invites"][0]["uses"] == 1
    await alice.call("invite.revoke", target=group, id=link["id"])
    assert await bob.refusal("invite.show", token=link["token"]) == (1005, "invite_invalid")


@both_codecs
async def test_carol_asks_and_both_hear_of_the_decision(clients: Clients) -> None:
    alice, carol = await clients("alice", "carol")
    group = await alice.group(name="Painters")
    token = (await alice.call("invite.create", target=group, seconds=0, needsApproval=True))["token"]

    assert (await carol.call("invite.show", token=token))["state"] == "approval"
    assert await carol.call("invite.accept", token=token) == {"state": "requested"}
    assert (await alice.push("join.requested")).data["who"] == carol.as_person
    assert (await alice.call("channel.get", target=group))["joinRequests"] == 1
    (request,) = (await alice.call("invite.requests", target=group))["requests"]
    assert request["who"] == carol.as_person
    await alice.call("invite.decide", target=group, member=carol.name, approve=True)
    for person in (alice, carol):
        heard = (await person.push("join.decided")).data
        assert (heard["name"], heard["approved"], heard["by"]) == ("Painters", True, alice.as_person)
    assert (await carol.call("invite.show", token=token))["state"] == "member"
    assert "joinRequests" not in await alice.call("channel.get", target=group)


async def test_carol_withdraws_her_request(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, name="Painters")
    link = await alice.call("invite.create", target=group, maxUses=1, needsApproval=True)
    await carol.call("invite.accept", token=link["token"])

    assert await carol.call("invite.withdraw", target=group) == {"target": group}
    for person in (alice, carol):
        heard = (await person.push("join.decided")).data
        assert (heard["who"], heard["by"], heard["approved"]) == (carol.as_person, carol.as_person, False)
    assert "joinRequests" not in await alice.call("channel.get", target=group)
    assert (await carol.call("invite.show", token=link["token"]))["state"] == "approval"
    for target in (group, "999"):
        assert await carol.refusal("invite.withdraw", target=target) == (1005, "join_request_not_found")


async def test_a_qr_code_is_drawn_as_a_path(clients: Clients) -> None:
    [alice] = await clients("alice")
    code = await alice.call("invite.qr", text="https://im.example/#join/abc")
    # Version 3 with the quiet zone on both sides; the finder pattern begins at the first module.
    assert code["size"] == 29 + 8
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", code["path"])
    assert code["path"].startswith("M4 4h7v1h-7z")
    assert await alice.code("invite.qr", text="x" * 200) == 200
    assert await alice.refusal("invite.qr", text="x" * 201) == (1001, "invalid_data")


async def test_tries_are_limited_per_user(settings: Settings) -> None:
    settings.IM_INVITE_RATE = 2
    invite_rate_limit.reset()
    user, other = cast(Call, SimpleNamespace(user=User(pk=7))), cast(Call, SimpleNamespace(user=User(pk=8)))
    for call in (user, user, other):
        await count_try(call)
    with pytest.raises(ChatError) as refusal:
        await count_try(user)
    assert (refusal.value.reason.key, refusal.value.data["retryAfter"] > 0) == ("too_many_attempts", True)
