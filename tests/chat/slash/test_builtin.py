"""The site's own slash commands do what the commands of the protocol do, under the same rules."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.actions import token_issue
from accounts.models import User
from chat.actions.account_deletion import account_delete
from chat.models import Channel, Message, Restriction
from delivery import log
from delivery.db.executors import run
from tests.support.group_scenario import GroupScenario, wait_for_hub
from tests.support.in_process import LocalClient, LocalNode

pytestmark = pytest.mark.django_db(transaction=True)


async def slash(client: LocalClient, channel: Channel, text: str, **fields: Any) -> dict[str, Any]:
    reply: dict[str, Any] = await client.call("slash.run", target=str(channel.pk), text=text, **fields)
    return reply


async def refusal(client: LocalClient, channel: Channel, text: str) -> str:
    envelope = await client.request("slash.run", target=str(channel.pk), text=text)
    return envelope.reason


async def test_me_sends_an_action_that_old_clients_see_as_text(scenario: GroupScenario, node: LocalNode) -> None:
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    for _ in range(2):
        assert await slash(alice, scenario.group, "/me waves @bob", clientMsgId="k") == {"command": "me", "text": ""}
    for client in (alice, bob):
        push = (await client.push("msg")).data
        assert {
            "type": "text",
            "msg": "* Alice waves @bob",
            "content": "waves @bob",
            "action": True,
        }.items() <= push.items()
        assert [mention["name"] for mention in push["mentions"]] == ["bob"]
    (listed,) = (await bob.call("message.history", target=push["target"]))["messages"]
    assert (listed["msg"], listed["action"]) == (push["msg"], True)
    edit = await alice.call("message.edit", target=push["target"], id=push["id"], msg="nods")
    assert (edit["msg"], edit["content"]) == ("* Alice nods", "nods")
    await run(account_delete, user_id=scenario.alice.pk)
    bodies = await run(lambda: [entry.body for entry in log.read(0, 99) if entry.kind in ("msg", "message.edited")])
    assert [body["msg"] for body in bodies if "Alice" in str(body)] == []


async def test_groups_are_renamed_left_and_joined(scenario: GroupScenario, node: LocalNode) -> None:
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    await slash(alice, scenario.group, "/rename Early Spring")
    await slash(alice, scenario.group, "/topic Exhibition on 3 May")
    assert await slash(alice, scenario.group, "/invite @carol") == {"command": "invite", "text": ""}
    again = await slash(alice, scenario.group, "/invite @carol")
    assert again["note"] == "invited_nobody"
    assert await refusal(bob, scenario.group, "/topic Mine") == "manager_required"
    assert await refusal(alice, scenario.group, "/rename") == "slash_usage"
    assert await refusal(alice, scenario.group, "/invite @nobody-here") == "user_not_found"
    for _ in range(2):
        await slash(bob, scenario.group, "/leave", clientMsgId="leave")
    assert await refusal(bob, scenario.group, "/me is gone") == "channel_not_found"
    group = await run(lambda: Channel.objects.get(pk=scenario.group.pk))
    assert (group.name, group.topic) == ("Early Spring", "Exhibition on 3 May")
    await slash(alice, scenario.group, "/topic")
    assert await run(lambda: Channel.objects.get(pk=scenario.group.pk).topic) == ""


async def test_a_user_is_muted_for_a_time(scenario: GroupScenario, node: LocalNode) -> None:
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    muted = await slash(alice, scenario.group, "/mute @bob 1h")
    assert (muted["note"], muted["name"]) == ("muted_until", "bob") and muted["until"] > log.now_ms()
    await bob.push("restriction")
    assert await refusal(bob, scenario.group, "/me shouts") == "muted"
    assert (await slash(alice, scenario.group, "/mute bob off"))["note"] == "unmuted"
    assert await refusal(alice, scenario.group, "/mute @bob soon") == "slash_usage"
    assert await refusal(bob, scenario.group, "/mute @alice") == "manager_required"
    assert await run(Restriction.objects.count) == 0


async def test_do_not_disturb_is_stored_and_told_to_other_connections(scenario: GroupScenario, node: LocalNode) -> None:
    alice, phone = await node.connect(scenario.alice), await node.connect(scenario.alice)
    told = await slash(alice, scenario.room, "/dnd 1h")
    assert (await phone.push("dnd.changed")).data == {"until": told["until"]}
    assert (
        abs((await run(User.objects.get, pk=scenario.alice.pk)).do_not_disturb_until.timestamp() * 1000 - told["until"])
        < 2
    )  # type: ignore[union-attr]
    assert (await slash(alice, scenario.room, "/dnd off"))["note"] == "dnd_off"
    assert (await phone.push("dnd.changed")).data == {}
    assert (await alice.call("dnd.set", seconds=60))["until"] > log.now_ms()


async def test_away_is_stored_told_to_other_connections_and_ended_by_the_next_call(
    scenario: GroupScenario, node: LocalNode
) -> None:
    alice, phone = await node.connect(scenario.alice), await node.connect(scenario.alice, query="activity=1")
    for is_away, note in ((True, "away"), (False, "away_off"), (True, "away")):
        assert (await slash(alice, scenario.room, "/away"))["note"] == note
        assert (await phone.push("presence.mode")).data == {"presence": "away" if is_away else "auto"}
        assert (await run(User.objects.get, pk=scenario.alice.pk)).is_away is is_away
    token = await run(lambda: token_issue(user=scenario.alice))
    again = LocalClient.open()
    assert (await again.login_token(token))["away"] is True
    await again.close()
    assert (await slash(phone, scenario.room, "/away off"))["note"] == "away_off"


async def test_what_is_no_command_is_not_sent(scenario: GroupScenario, node: LocalNode) -> None:
    alice = await node.connect(scenario.alice)
    assert await refusal(alice, scenario.group, "/helo") == "unknown_slash_command"
    assert await refusal(alice, scenario.group, "/usr/bin/env") == "not_a_slash_command"
    listed = await alice.call("slash.list", target=str(scenario.group.pk))
    assert [one["name"] for one in listed["commands"]][:3] == ["me", "shrug", "topic"]
    assert "/mute @user [1h30m | off] – " in (await slash(alice, scenario.group, "/help"))["text"]
    await slash(alice, scenario.group, "/shrug well")
    assert (await alice.push("msg")).data["msg"] == "well ¯\\_(ツ)_/¯"
    await wait_for_hub(node)
    assert await run(Message.objects.count) == 1


async def test_a_guest_can_act_but_not_manage(scenario: GroupScenario, node: LocalNode) -> None:
    guest = LocalClient.open()
    await guest.login_guest("Visitor")
    names = [one["name"] for one in (await guest.call("slash.list", target=str(scenario.room.pk)))["commands"]]
    assert names == ["me", "shrug", "help"]
    await slash(guest, scenario.room, "/me waves")
    assert (await guest.push("msg")).data["msg"] == "* Visitor waves"
    assert await refusal(guest, scenario.room, "/dnd 1h") == "account_required"
    await guest.close()
