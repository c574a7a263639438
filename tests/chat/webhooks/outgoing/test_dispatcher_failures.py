"""Failing receivers, disabled webhooks and database faults delay events and lose none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.actions import user_deactivate
from chat.models import Webhook, WebhookDelivery
from chat.webhooks.outgoing import deliveries
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.actions import webhook_disable, webhook_enable
from delivery import log
from delivery.db.executors import run
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
)

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_receiver_that_is_down_loses_no_event(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(scenario.say, "before")
    await wait_until(lambda: receiver.texts() == ["before"])
    with receiver.down():
        await run(scenario.say, "meanwhile")
        await wait_until(lambda: webhook.pk in node.node.webhooks._progress)
        await wait_for_failures(webhook, 3)
    await run(scenario.say, "after")
    await wait_until(lambda: receiver.texts() == ["before", "meanwhile", "after"])
    await wait_until_idle(node, webhook)
    after = await reload(webhook)
    assert (after.failures, after.failing_since, after.leased_by) == (0, None, "")


async def test_a_log_that_has_lost_events_loses_no_later_one(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(scenario.say, "before")
    await wait_until(lambda: receiver.texts() == ["before"])
    await wait_until_idle(node, webhook)
    # As if a replica that lagged had taken over.
    node.node.webhooks._progress[webhook.pk].checked_upto = 1_000_000_000
    node.hub.rewinds += 1
    await run(scenario.say, "after")
    await wait_until(lambda: receiver.texts() == ["before", "after"])


async def test_a_receiver_that_answers_500_gets_the_event_again(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.status = 500
    await run(scenario.say, "hello")
    await wait_for_failures(webhook, 3)
    assert (await reload(webhook)).position < (await run(log.head))
    receiver.status = 200
    await wait_until(lambda: receiver.texts() == ["hello"])
    bodies = {body for _, _, body in receiver.requests}
    assert len(bodies) == 1
    await wait_until_idle(node, webhook)
    attempts = await run(lambda: list(WebhookDelivery.objects.order_by("pk").values_list("attempt", "status", "error")))
    assert attempts[0] == (1, 500, "It answered 500.") and attempts[-1] == (len(attempts), 200, "")


@pytest.mark.parametrize("status", [None, 503, 429])
async def test_each_repeat_to_a_slow_receiver_follows_a_longer_pause(
    scenario: GroupScenario,
    hooks: WebhookFactory,
    receiver: Receiver,
    quick: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int | None,
) -> None:
    """A receiver that is slow, or asks for time, gets no request in place of the failed one at once."""
    time_out_unanswered(receiver, monkeypatch)
    webhook = await run(hooks.make, receiver, "message.sent")
    if status is None:
        receiver.unanswered = {b""}
    else:
        receiver.status = status
    await run(lambda: [scenario.say(str(number)) for number in range(5)])
    async with running_node():
        await wait_for_failures(webhook, 7)
        receiver.status, receiver.unanswered = 204, set()
        await wait_until(lambda: receiver.texts() == ["0", "1", "2", "3", "4"])
        failed = WebhookDelivery.objects.filter(webhook=webhook).exclude(error="").order_by("pk")
        attempts = await run(lambda: list(failed.values_list("attempt", flat=True)))
    # Each failure counted, so the pause after it was that of its number.
    assert attempts == list(range(1, len(attempts) + 1))


async def test_a_long_failure_disables_the_webhook_with_a_reason(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    receiver.status = 503
    await run(scenario.say, "hello")
    await wait_for_failures(webhook, 2)
    assert (await reload(webhook)).enabled
    long_ago = timezone.now() - timedelta(hours=quick.IM_WEBHOOK_DISABLE_AFTER_HOURS + 1)
    await run(lambda: Webhook.objects.update(failing_since=long_ago))
    assert await wait_until_disabled(webhook) == "Every attempt has failed for 72 hours."
    receiver.status = 200
    await run(scenario.say, "later")
    await run(webhook_enable, user=hooks.olga, webhook_id=webhook.pk)
    await wait_until(lambda: receiver.texts() == ["hello", "later"])


async def test_a_disabled_webhook_gets_nothing_and_continues_where_it_stopped(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(webhook_disable, user=hooks.olga, webhook_id=webhook.pk)
    with Receiver() as other:
        witness = await run(hooks.make, other, "message.sent")
        await run(scenario.say, "hello")
        await wait_until_idle(node, witness)
    assert receiver.requests == []
    await run(webhook_enable, user=hooks.olga, webhook_id=webhook.pk)
    await wait_until(lambda: receiver.texts() == ["hello"])


async def test_a_webhook_of_a_deactivated_user_is_disabled(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent", channel=scenario.group, creator=scenario.bob)
    await run(scenario.say, "hello")
    await wait_until(lambda: receiver.texts() == ["hello"])
    await wait_until_idle(node, webhook)
    await run(lambda: user_deactivate(user_id=scenario.bob.pk))
    await run(scenario.say, "secret")
    assert await wait_until_disabled(webhook) == deliveries.REASON_ACCESS_LOST
    assert receiver.texts() == ["hello"]


async def test_a_database_fault_loses_no_event(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that could not be recorded is repeated."""
    attempted, faults = deliveries.webhook_record_attempt, 2

    def away(**given: Any) -> bool:
        nonlocal faults
        if faults:
            faults -= 1
            raise OperationalError("the database is away")
        return attempted(**given)

    monkeypatch.setattr(deliveries, "webhook_record_attempt", away)
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(scenario.say, "hello")
    await wait_until(lambda: receiver.texts() == ["hello"] * 3)
    await wait_until_settled(webhook)
    assert faults == 0 and len(receiver.requests) == 3


async def test_a_failed_poll_is_repeated(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, faults = hook_selectors.ready_hooks, [OperationalError("the database is away"), RuntimeError("a fault")]

    def away(node: str) -> list[Webhook]:
        if faults:
            raise faults.pop()
        return ready(node)

    monkeypatch.setattr(hook_selectors, "ready_hooks", away)
    await run(hooks.make, receiver, "message.sent")
    await run(scenario.say, "hello")
    await wait_until(lambda: receiver.texts() == ["hello"])
    assert not faults
