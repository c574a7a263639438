"""Services answer slash commands: at once, later, for the caller alone or for everyone; and attacks on that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import AsyncClient
from pytest_django.fixtures import Settings

from chat.models import Message, SlashRun
from chat.slash.actions import slash_command_disable
from delivery.db.executors import run
from imsite.client import webhooks
from tests.chat.slash.test_builtin import refusal, slash
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalClient, LocalNode
from tests.support.slash import SlashService, make_command

pytestmark = pytest.mark.django_db(transaction=True)


async def answer(client: LocalClient) -> tuple[str, str]:
    """Return the text of the next answer for the client, and the key of its failure."""
    data = (await client.push("slash.answer")).data
    return data["text"], data.get("failure", "")


async def respond(service: SlashService, body: dict[str, Any], **changed: str) -> int:
    """Answer the last call by its response URL; return the status."""
    url = service.calls[-1]["responseUrl"]
    for old, new in changed.items():
        url = url.replace(old, new)
    response = await AsyncClient().post(url, json.dumps(body), "application/json")
    return int(response.status_code)


async def test_a_service_answers_alice_alone(scenario: GroupScenario, node: LocalNode, service: SlashService) -> None:
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    command = await run(make_command, scenario.alice, service.url)
    service.says("ephemeral", "**main** is on <b>fire</b>")
    first = await slash(alice, scenario.group, "/deploy main", clientMsgId="one")
    assert await answer(alice) == ("**main** is on <b>fire</b>", "")
    # A retry runs nothing.
    assert await slash(alice, scenario.group, "/deploy main", clientMsgId="one") == first
    (call,) = service.calls
    expected = {"command": "/deploy", "text": "main", "target": str(scenario.group.pk), "appId": 101}
    assert expected.items() <= call.items() and call["user"]["userId"] == "alice" and call["runId"] == first["runId"]
    headers, body = service.requests[0]
    with pytest.raises(KeyError):
        # Signed like webhooks, but there are no events in it.
        webhooks.events(command.secret, headers, body)
    with pytest.raises(webhooks.InvalidSignature):
        webhooks.events("another secret", headers, body)
    assert await run(Message.objects.count) == 0 and not [push for push in bob.inbox if push.cmd == "slash.answer"]


async def test_a_service_posts_where_its_bot_may(
    scenario: GroupScenario, node: LocalNode, service: SlashService
) -> None:
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    await run(make_command, scenario.alice, service.url)
    await run(lambda: make_command(scenario.alice, service.url, name="here", channel=scenario.group))
    service.says("posted", "Deployed.")
    await slash(alice, scenario.group, "/deploy main")
    assert (await answer(alice))[1] == "refused"
    await slash(alice, scenario.group, "/here")
    push = (await bob.push("msg")).data
    assert (push["msg"], push["name"]) == ("Deployed.", "here")
    listed = (await alice.call("slash.list", target=str(scenario.room.pk)))["commands"]
    assert [one["name"] for one in listed if "service" in one] == ["deploy"]
    assert await refusal(alice, scenario.room, "/here") == "unknown_slash_command"


async def test_a_service_answers_later(
    scenario: GroupScenario, node: LocalNode, service: SlashService, settings: Settings
) -> None:
    settings.IM_SLASH_MAX_RESPONSES = 2
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    await run(lambda: make_command(scenario.alice, service.url, channel=scenario.group))
    said = await alice.say(scenario.group)
    await slash(alice, scenario.group, "/deploy main", threadId=said["id"])
    await service.called()
    # Another channel in the body changes nothing.
    assert await respond(service, {"text": "Soon.", "target": str(scenario.room.pk)}) == 204
    assert await answer(alice) == ("Soon.", "")
    assert await respond(service, {"type": "posted", "text": "Done.", "target": str(scenario.room.pk)}) == 204
    push = (await bob.push("msg", msg="Done.")).data
    assert (push["target"], push["threadId"]) == (str(scenario.group.pk), said["id"])
    assert await respond(service, {"text": "Too often."}) == 404


async def test_response_urls_cannot_be_forged_and_expire(
    scenario: GroupScenario, node: LocalNode, service: SlashService, settings: Settings
) -> None:
    alice = await node.connect(scenario.alice)
    command = await run(make_command, scenario.alice, service.url)
    await slash(alice, scenario.group, "/deploy main")
    await service.called()
    number = f"slash-{await run(lambda: SlashRun.objects.get().pk)}:"
    assert await respond(service, {"text": "x"}, **{number: f"slash-9{number[6:]}"}) == 404
    assert await respond(service, {"text": "x"}, **{":": ":x"}) == 404
    for body in ({"text": ""}, {"text": "x" * 70_000}, {"text": "a\0b"}, {"type": "html", "text": "x"}, {}):
        assert await respond(service, body) in (400, 413, 429)
    await run(lambda: slash_command_disable(command_id=command.pk))
    assert await respond(service, {"text": "x"}) == 404
    settings.IM_SLASH_RESPONSE_SECONDS = -1
    await run(lambda: command.runs.update(responses=0))
    await run(lambda: type(command).objects.update(enabled=True))
    assert await respond(service, {"text": "x"}) == 404


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"status": 500}, "failed"),
        ({"location": "http://10.0.0.1/", "status": 302}, "failed"),
        ({"answer": b"x" * 70_000}, "failed"),
        ({"answer": b"<script>alert(1)</script>"}, "invalid"),
        ({"answer": b'{"text": "\\u0000"}'}, "invalid"),
        ({"answer": b'{"text": ""}'}, "invalid"),
    ],
)
async def test_a_failure_is_told(
    scenario: GroupScenario, node: LocalNode, service: SlashService, change: dict[str, Any], failure: str
) -> None:
    alice = await node.connect(scenario.alice)
    await run(make_command, scenario.alice, service.url)
    for name, value in change.items():
        setattr(service, name, value)
    await slash(alice, scenario.group, "/deploy main")
    assert (await answer(alice))[1] == failure and len(service.calls) == 1


async def test_a_slow_service_delays_nobody(
    scenario: GroupScenario, node: LocalNode, service: SlashService, settings: Settings
) -> None:
    settings.IM_SLASH_CONCURRENCY = 1
    alice = await node.connect(scenario.alice)
    await run(make_command, scenario.alice, service.url)
    service.answering.clear()
    await slash(alice, scenario.group, "/deploy one")
    await service.called()
    await slash(alice, scenario.group, "/deploy two")
    assert (await answer(alice))[1] == "busy"
    assert (await alice.say(scenario.group))["seq"] == 1
    service.says("ephemeral", "Done.")
    service.answering.set()
    assert await answer(alice) == ("Done.", "")


async def test_a_service_that_does_not_answer_is_given_up(
    scenario: GroupScenario, node: LocalNode, service: SlashService, settings: Settings
) -> None:
    alice = await node.connect(scenario.alice)
    await run(make_command, scenario.alice, service.url)
    service.answering.clear()
    for seconds in (0.3, 3.0, 20.0):
        settings.IM_SLASH_TIMEOUT = seconds
        await slash(alice, scenario.group, "/deploy main")
        # A busy machine may need longer than the shortest one to connect.
        if (failure := (await answer(alice))[1]) != "failed":
            break
    assert failure == "timeout"


async def test_a_private_network_is_not_called(scenario: GroupScenario, node: LocalNode, settings: Settings) -> None:
    alice = await node.connect(scenario.alice)
    await run(make_command, scenario.alice, "http://127.0.0.1:9/slash")
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()
    await slash(alice, scenario.group, "/deploy main")
    assert (await answer(alice))[1] == "failed"


async def test_who_may_not_send_may_not_call(scenario: GroupScenario, node: LocalNode, service: SlashService) -> None:
    alice, bob, carol = [await node.connect(user) for user in (scenario.alice, scenario.bob, scenario.carol)]
    await run(make_command, scenario.alice, service.url)
    assert await refusal(carol, scenario.group, "/deploy main") == "channel_not_found"
    await slash(alice, scenario.group, "/mute @bob")
    assert await refusal(bob, scenario.group, "/deploy main") == "muted"
    await alice.call("channel.unrestrict", target=str(scenario.group.pk), member="bob", kind="mute")
    await alice.call("channel.policy", target=str(scenario.group.pk), announcementsOnly=True)
    assert await refusal(bob, scenario.group, "/deploy main") == "announcements_only"
    assert service.calls == []
