"""Presence changes are logged, at least once, while a webhook subscribes to them, and otherwise not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from chat.actions import presence_log
from chat.webhooks.outgoing.actions import webhook_disable
from delivery import log
from delivery.db.executors import run
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until
from tests.support.webhooks import WebhookFactory

pytestmark = pytest.mark.django_db(transaction=True)

ONLINE, OFFLINE, RESET = "person.online", "person.offline", "presence.reset"


@pytest.fixture(autouse=True)
def _uncached_subscriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_log, "SUBSCRIPTION_CACHE_SECONDS", 0.0)


def _presence_events(receiver: Receiver) -> list[tuple[str, str]]:
    return [(one["event"], one["data"]["userId"]) for one in receiver.events if one["event"] in (ONLINE, OFFLINE)]


async def test_alice_causes_online_and_offline_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    alice = await node.connect(scenario.alice)
    await wait_until(lambda: _presence_events(receiver) == [(ONLINE, "alice")])
    assert receiver.events[-1]["data"]["appId"] == 101
    second = await node.connect(scenario.alice)
    bob = await node.connect(scenario.bob)
    await alice.close()
    await second.close()
    await bob.close()
    await wait_until(lambda: len(_presence_events(receiver)) == 4)
    assert sorted(_presence_events(receiver)[1:]) == [(OFFLINE, "alice"), (OFFLINE, "bob"), (ONLINE, "bob")]


async def test_presence_events_are_not_pushed_to_connections(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    await run(hooks.make, receiver, ONLINE)
    bob = await node.connect(scenario.bob)
    await node.connect(scenario.alice)
    await wait_until(lambda: (ONLINE, "alice") in _presence_events(receiver))
    await bob.call("ping")
    assert [push.cmd for push in bob.pushes()] == []
    assert await bob.sync(0) and not [event for event in await bob.sync(0) if event["cmd"] in (ONLINE, OFFLINE)]


async def test_a_user_who_hides_presence_causes_no_presence_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    await run(User.objects.filter(pk=scenario.alice.pk).update, shares_presence=False)
    alice = await node.connect(scenario.alice)
    await alice.close()
    await node.connect(scenario.bob)
    # Bob connects later, so an event about Alice would have arrived before his.
    await wait_until(lambda: (ONLINE, "bob") in _presence_events(receiver))
    assert _presence_events(receiver) == [(ONLINE, "bob")]


async def test_presence_events_are_not_stored_without_a_subscribed_webhook(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    # The start of the node is an event of its own if a webhook subscribes by the time it is stored.
    await wait_until(lambda: not node.node.presence_broadcaster.log._pending)
    webhook = await run(hooks.make, receiver, ONLINE)
    await run(webhook_disable, user=hooks.olga, webhook_id=webhook.pk)
    await run(hooks.make, receiver, "message.sent")
    before = await run(log.head)
    alice = await node.connect(scenario.alice)
    await alice.close()
    await node.connect(scenario.bob)
    await wait_until(lambda: not node.node.presence_broadcaster.log._pending)
    assert await run(log.head) == before


async def test_an_online_event_waits_for_the_database(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    monkeypatch.setattr(presence_log, "RETRY_SECONDS", 0.01)
    append, faults = log.append, 3

    def away(*args: Any) -> Any:
        nonlocal faults
        if faults:
            faults -= 1
            raise OperationalError("the database is away")
        return append(*args)

    monkeypatch.setattr(log, "append", away)
    alice = await node.connect(scenario.alice)
    await alice.close()
    await wait_until(lambda: _presence_events(receiver) == [(ONLINE, "alice"), (OFFLINE, "alice")])
    assert faults == 0


async def test_a_stale_offline_event_is_not_stored(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    """Another node reports them offline and this one online: the order of the two says nothing."""
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    await node.connect(scenario.alice)
    await wait_until(lambda: _presence_events(receiver) == [(ONLINE, "alice")])
    node.node.presence_broadcaster.log.record_offline(scenario.alice.pk, 101)
    node.node.presence_broadcaster.log.record_offline(scenario.bob.pk, 101)
    await wait_until(lambda: len(_presence_events(receiver)) == 2)
    assert _presence_events(receiver)[1] == (OFFLINE, "bob")


async def test_a_starting_site_stores_a_presence_reset(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any
) -> None:
    await run(hooks.make, receiver, OFFLINE)
    async with running_node() as node:
        await wait_until(lambda: [one["event"] for one in receiver.events] == [RESET])
        await node.connect(scenario.alice)
    async with running_node():
        await wait_until(lambda: receiver.positions(RESET) == receiver.positions()[-2:])
