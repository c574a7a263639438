"""Nodes share the webhooks: each webhook is delivered by one node at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat.models import Webhook
from chat.webhooks.outgoing import deliveries
from chat.webhooks.outgoing.actions import webhook_replay
from chat.webhooks.outgoing.dispatcher import Dispatcher
from delivery.db.executors import run
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until
from tests.support.webhooks import WebhookFactory, reload, wait_until_idle, wait_until_settled

pytestmark = pytest.mark.django_db(transaction=True)


async def test_olga_replays_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    first = await run(scenario.say, "first")
    await run(scenario.say, "second")
    await wait_until(lambda: receiver.texts() == ["first", "second"])
    await wait_until_idle(node, webhook)
    await run(webhook_replay, user=hooks.olga, webhook_id=webhook.pk, position=first.position)
    await wait_until(lambda: receiver.texts() == ["first", "second", "second"])


async def test_a_replay_during_a_delivery_is_kept(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.answering.clear()
    await run(scenario.say, "hello")
    await wait_until(lambda: len(receiver.requests) == 1)
    await run(webhook_replay, user=hooks.olga, webhook_id=webhook.pk, position=0)
    receiver.answering.set()
    await wait_until(lambda: receiver.texts() == ["hello", "hello"])
    await wait_until_idle(node, webhook)


async def test_two_nodes_never_deliver_one_webhook_at_the_same_time(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    other = Dispatcher("other", node.hub)
    other.start()
    try:
        receiver.answering.clear()
        await run(scenario.say, "hello")
        await wait_until(lambda: len(receiver.requests) == 1)
        seen = other._checked_at, node.node.webhooks._checked_at
        await wait_until(lambda: other._checked_at > seen[0] and node.node.webhooks._checked_at > seen[1])
        receiver.answering.set()
        await run(scenario.say, "more")
        await wait_until(lambda: receiver.texts() == ["hello", "more"])
        await wait_until_idle(node, webhook)
        await wait_until_settled(webhook)
    finally:
        await other.stop()
    assert len(receiver.requests) == 2


async def test_a_node_that_takes_over_from_a_dead_one_delivers_the_rest(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(scenario.say, "hello")
    assert await run(lambda: deliveries.webhook_lease(webhook=webhook, node="dead")) is not None
    async with running_node() as node:
        seen = node.node.webhooks._checked_at
        await wait_until(lambda: node.node.webhooks._checked_at > seen)
        assert receiver.requests == []
        await run(lambda: Webhook.objects.update(leased_until=timezone.now() - timedelta(seconds=1)))
        await wait_until(lambda: receiver.texts() == ["hello"])


async def test_a_stopping_node_hands_over_at_once(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    async with running_node():
        receiver.answering.clear()
        await run(scenario.say, "hello")
        await wait_until(lambda: len(receiver.requests) == 1)
    left = await reload(webhook)
    assert left.leased_by == "" and left.failures == 0
    receiver.answering.set()
