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
from tests.support.eventually import eventually
from tests.support.in_process import Site, serving
from tests.support.receiver import Receiver
from tests.support.scene import Scene
from tests.support.webhooks import Hooks, idle, read, settled

pytestmark = pytest.mark.django_db(transaction=True)


async def test_olga_replays_events(scene: Scene, hooks: Hooks, receiver: Receiver, site: Site) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    first = await run(scene.say, "first")
    await run(scene.say, "second")
    await eventually(lambda: receiver.texts() == ["first", "second"])
    await idle(site, webhook)
    await run(webhook_replay, user=hooks.olga, webhook_id=webhook.pk, position=first.position)
    await eventually(lambda: receiver.texts() == ["first", "second", "second"])


async def test_a_replay_during_a_delivery_is_kept(scene: Scene, hooks: Hooks, receiver: Receiver, site: Site) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.answering.clear()
    await run(scene.say, "hello")
    await eventually(lambda: len(receiver.requests) == 1)
    await run(webhook_replay, user=hooks.olga, webhook_id=webhook.pk, position=0)
    receiver.answering.set()
    await eventually(lambda: receiver.texts() == ["hello", "hello"])
    await idle(site, webhook)


async def test_two_nodes_never_deliver_one_webhook_at_the_same_time(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    other = Dispatcher("other", site.hub)
    other.start()
    try:
        receiver.answering.clear()
        await run(scene.say, "hello")
        await eventually(lambda: len(receiver.requests) == 1)
        seen = other._looked, site.node.webhooks._looked
        await eventually(lambda: other._looked > seen[0] and site.node.webhooks._looked > seen[1])
        receiver.answering.set()
        await run(scene.say, "more")
        await eventually(lambda: receiver.texts() == ["hello", "more"])
        await idle(site, webhook)
        await settled(webhook)
    finally:
        await other.stop()
    assert len(receiver.requests) == 2


async def test_a_node_that_takes_over_from_a_dead_one_delivers_the_rest(
    scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(scene.say, "hello")
    assert await run(lambda: deliveries.webhook_lease(webhook=webhook, node="dead")) is not None
    async with serving() as site:
        seen = site.node.webhooks._looked
        await eventually(lambda: site.node.webhooks._looked > seen)
        assert receiver.requests == []
        await run(lambda: Webhook.objects.update(leased_until=timezone.now() - timedelta(seconds=1)))
        await eventually(lambda: receiver.texts() == ["hello"])


async def test_a_stopping_node_hands_over_at_once(scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    async with serving():
        receiver.answering.clear()
        await run(scene.say, "hello")
        await eventually(lambda: len(receiver.requests) == 1)
    left = await read(webhook)
    assert left.leased_by == "" and left.failures == 0
    receiver.answering.set()
