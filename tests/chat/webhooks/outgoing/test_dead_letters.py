"""Permanently refused events become dead letters, which are retried, while other events arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat.models import Webhook, WebhookDeadLetter, WebhookDelivery
from chat.webhooks.outgoing.actions import webhook_enable, webhook_replay
from chat.webhooks.outgoing.dead_letters import dead_letters_delete_all
from delivery.db.executors import run
from delivery.models import Event
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until
from tests.support.webhooks import (
    WebhookFactory,
    reload,
    time_out_unanswered,
    wait_for_failures,
    wait_until_disabled,
    wait_until_idle,
    wait_until_settled,
    wait_until_stored,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def wait_for_dead_letter(webhook: Webhook) -> WebhookDeadLetter:
    """Wait until an event of the webhook is a dead letter."""
    await wait_until_stored(lambda: WebhookDeadLetter.objects.filter(webhook=webhook).exists())
    return await run(lambda: WebhookDeadLetter.objects.get(webhook=webhook))


@pytest.mark.parametrize("status", [400, 413, 422, 500, 404])
async def test_a_permanently_refused_event_does_not_block_others(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, status: int
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"5": status}
    messages = await run(lambda: [scenario.say(str(number)) for number in range(12)])
    wanted = [str(number) for number in range(12) if number != 5]
    await wait_until(lambda: receiver.texts() == wanted)
    refused = await wait_for_dead_letter(webhook)
    assert (refused.position, refused.status) == (messages[5].position, status)
    await wait_until_idle(node, webhook)
    assert (await reload(webhook)).enabled
    # The event arrives as soon as it is accepted, marked as late.
    receiver.refused = {}
    await wait_until(lambda: receiver.texts() == [*wanted, "5"])
    assert receiver.events[-1]["late"] is True and "late" not in receiver.events[0]
    await wait_until_stored(lambda: not WebhookDeadLetter.objects.exists())
    await wait_until_settled(webhook)


async def test_an_event_that_makes_the_receiver_hang_does_not_block_others(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_out_unanswered(receiver, monkeypatch)
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.unanswered = {b"poison"}
    messages = await run(lambda: [scenario.say(text) for text in ("poison", "after")])
    async with running_node():
        await wait_until(lambda: receiver.texts() == ["after"])
        refused = await wait_for_dead_letter(webhook)
    assert (refused.position, refused.status) == (messages[0].position, None)
    # The receiver showed that it is alive before the event was given up.
    assert [event["event"] for event in receiver.events] == ["ping", "message.sent"]


async def test_a_receiver_of_small_batches_gets_all_events_in_order(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.most = 3
    await run(lambda: [scenario.say(str(number)) for number in range(40)])
    async with running_node() as node:
        await wait_until(lambda: len(receiver.events) == 40)
        await wait_until_idle(node, webhook)
    assert receiver.texts() == [str(number) for number in range(40)]
    assert not await run(WebhookDeadLetter.objects.exists)


async def test_a_receiver_that_refuses_everything_causes_no_dead_letters(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    """The receiver fails, not an event, so all events wait in order."""
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.status = 400
    await run(lambda: [scenario.say(str(number)) for number in range(8)])
    await wait_for_failures(webhook, 12)
    assert not await run(WebhookDeadLetter.objects.exists)
    receiver.status = 204
    await wait_until(lambda: receiver.texts() == [str(number) for number in range(8)])


async def test_a_refused_signature_causes_no_dead_letters(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    right, receiver.secret = receiver.secret, "another"
    await run(lambda: [scenario.say(str(number)) for number in range(3)])
    await wait_for_failures(webhook, 6)
    receiver.secret = right
    await wait_until(lambda: receiver.texts() == ["0", "1", "2"])
    assert not await run(WebhookDeadLetter.objects.exists)


async def test_events_behind_unsubscribed_ones_are_found(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    """A request holds one event, and unsubscribed notes lie between."""
    quick.IM_WEBHOOK_MAX_EVENTS = 1
    await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"poison": 422}
    await run(scenario.say, "poison")
    await run(scenario.say, "after")
    await wait_until(lambda: receiver.texts() == ["after"])


async def test_an_old_dead_letter_is_retried_on_request_only(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"poison": 422}
    await run(scenario.say, "poison")
    await run(scenario.say, "after")
    await wait_for_dead_letter(webhook)
    long_ago = timezone.now() - timedelta(hours=quick.IM_WEBHOOK_DISABLE_AFTER_HOURS + 1)
    await run(lambda: WebhookDeadLetter.objects.update(created_at=long_ago))
    await wait_until_stored(lambda: WebhookDeadLetter.objects.filter(next_attempt_at=None).exists())
    receiver.refused = {}
    await run(webhook_enable, user=hooks.olga, webhook_id=webhook.pk)
    await wait_until(lambda: receiver.texts() == ["after", "poison"])


async def test_a_single_event_refused_for_days_does_not_disable_the_webhook(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"poison": 400}
    await run(scenario.say, "poison")
    await wait_for_failures(webhook, 2)
    long_ago = timezone.now() - timedelta(hours=quick.IM_WEBHOOK_DISABLE_AFTER_HOURS + 1)
    await run(lambda: Webhook.objects.update(failing_since=long_ago))
    assert (await wait_for_dead_letter(webhook)).next_attempt_at is None
    await run(scenario.say, "after")
    await wait_until(lambda: receiver.texts() == ["after"])
    assert (await reload(webhook)).enabled


async def test_too_many_dead_letters_fail_the_webhook(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    quick.IM_WEBHOOK_DEAD_LETTERS = 1
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"1": 422, "3": 500}
    await run(lambda: [scenario.say(str(number)) for number in range(5)])
    await wait_until(lambda: receiver.texts() == ["0", "2"])
    await wait_for_failures(webhook, 5)
    long_ago = timezone.now() - timedelta(hours=quick.IM_WEBHOOK_DISABLE_AFTER_HOURS + 1)
    await run(lambda: Webhook.objects.filter(failures__gt=0).update(failing_since=long_ago))
    assert "Every attempt has failed" in await wait_until_disabled(webhook)


async def test_a_replay_sends_dead_letters_in_order(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"poison": 422}
    first = await run(scenario.say, "first")
    await run(scenario.say, "poison")
    await run(scenario.say, "after")
    await wait_for_dead_letter(webhook)
    await wait_until_idle(node, webhook)
    await wait_until_settled(webhook)
    receiver.refused = {}
    await run(webhook_replay, user=hooks.olga, webhook_id=webhook.pk, position=first.position)
    await wait_until(lambda: receiver.texts()[-2:] == ["poison", "after"])
    assert not await run(WebhookDeadLetter.objects.exists)


async def test_a_deleted_dead_letter_is_not_sent_again(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"poison": 422}
    await run(scenario.say, "poison")
    await run(scenario.say, "after")
    await wait_for_dead_letter(webhook)
    await run(lambda: dead_letters_delete_all(user=hooks.olga, webhook_id=webhook.pk))
    asked = len(receiver.requests)
    await run(scenario.say, "last")
    await wait_until(lambda: receiver.texts()[-1] == "last")
    assert b"poison" not in b"".join(body for _, _, body in receiver.requests[asked + 1 :])
    assert await run(WebhookDelivery.objects.filter(webhook=webhook, status=422).exists)


async def test_a_dead_letter_of_a_deleted_event_is_deleted(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.refused = {"poison": 422}
    poison = await run(scenario.say, "poison")
    await run(scenario.say, "after")
    await wait_for_dead_letter(webhook)
    # Retention deletes events like this.
    await run(lambda: Event.objects.filter(position=poison.position).delete())
    await wait_until_stored(lambda: not WebhookDeadLetter.objects.exists())
    await wait_until_settled(webhook)
