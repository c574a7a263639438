"""Deliveries are signed, ordered, bounded, and sent to allowed addresses only."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from chat.models import Webhook, WebhookDelivery
from chat.webhooks.outgoing import deliveries
from chat.webhooks.outgoing.dispatcher import Dispatcher
from delivery import log
from delivery.db.executors import run
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node, say
from tests.support.receiver import Receiver
from tests.support.waiting import TIMEOUT_SECONDS, wait_until
from tests.support.webhooks import (
    WebhookFactory,
    last_error,
    reload,
    wait_for_failures,
    wait_until_idle,
    wait_until_stored,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def test_alices_messages_arrive_signed_and_in_order(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    webhook = await run(hooks.make, receiver, "message.sent")
    for number in range(250):
        await run(scenario.say, str(number))
    await wait_until(lambda: len(receiver.events) == 250)
    assert receiver.texts() == [str(number) for number in range(250)]
    assert receiver.positions() == sorted(receiver.positions())
    assert {request[0] for request in receiver.requests} == {"/in?key=our-own-secret"}
    await wait_until_idle(node, webhook)
    assert (await reload(webhook)).position == receiver.positions()[-1]


async def test_several_events_go_in_one_request(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any
) -> None:
    quick.IM_WEBHOOK_MAX_EVENTS = 40
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(lambda: [scenario.say(str(number)) for number in range(100)])
    async with running_node() as node:
        await wait_until_idle(node, webhook)
    assert receiver.texts() == [str(number) for number in range(100)] and len(receiver.requests) == 3


async def test_a_request_is_bounded_in_bytes(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, quick: Any
) -> None:
    quick.IM_WEBHOOK_MAX_BYTES = 20_000
    webhook = await run(hooks.make, receiver, "message.sent")
    await run(lambda: [scenario.say("x" * 6000) for _ in range(9)])
    async with running_node() as node:
        await wait_until_idle(node, webhook)
    assert len(receiver.events) == 9 and max(len(body) for _, _, body in receiver.requests) < 24_000


async def test_a_slow_receiver_delays_neither_the_chat_nor_other_webhooks(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    quick.IM_WEBHOOK_TIMEOUT = 2.0
    slow = await run(hooks.make, receiver, "message.sent")
    receiver.answering.clear()
    bob = await node.connect(scenario.bob)
    await run(scenario.say, "1")
    await wait_until(lambda: len(receiver.requests) > 0)
    quick.IM_WEBHOOK_TIMEOUT = TIMEOUT_SECONDS
    with Receiver() as prompt:
        other = await run(hooks.make, prompt, "message.sent")
        await run(scenario.say, "2")
        await bob.push("msg", msg="2")
        await wait_until(lambda: prompt.texts() == ["2"])
        await wait_until_idle(node, other)
    late = WebhookDelivery.objects.filter(webhook=slow, error="No answer within 2 s.")
    await wait_until_stored(late.exists)
    receiver.answering.set()
    await wait_until(lambda: receiver.texts()[-2:] == ["1", "2"])


async def test_a_redirect_is_not_followed(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode
) -> None:
    with Receiver() as inside:
        webhook = await run(hooks.make, receiver, "message.sent")
        for status in (301, 302, 303, 307, 308):
            receiver.status, receiver.location = status, inside.url
            before = len(receiver.requests)
            await run(scenario.say, str(status))
            await wait_until(lambda before=before: len(receiver.requests) > before)  # type: ignore[misc]
        await wait_for_failures(webhook, 3)
        assert inside.requests == []
        assert "redirects are not followed" in await last_error(webhook)
        receiver.status, receiver.location = 200, ""
        await wait_until(lambda: len(receiver.texts()) == 5)


async def test_a_private_address_gets_no_request(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, quick: Any
) -> None:
    """This includes a webhook created while the network was open, and a name that resolves there only now."""
    webhook = await run(hooks.make, receiver, "message.sent")
    quick.IM_WEBHOOK_PRIVATE_NETWORKS = ()
    await run(scenario.say, "secret")
    await wait_for_failures(webhook, 2)
    named = receiver.url.replace("127.0.0.1", "localhost")
    await run(lambda: Webhook.objects.update(url=named))
    await wait_for_failures(webhook, 4)
    assert receiver.requests == [] and "private network" in await last_error(webhook)


async def test_the_logs_contain_neither_url_nor_secret(
    scenario: GroupScenario,
    hooks: WebhookFactory,
    receiver: Receiver,
    node: LocalNode,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        webhook = await run(hooks.make, receiver, "message.sent")
        await run(scenario.say, "hello")
        await wait_until(lambda: receiver.texts() == ["hello"])
        for broken in (500, 302):
            receiver.status = broken
            await run(scenario.say, "again")
            await wait_for_failures(webhook, 1)
        receiver.stop()
        await wait_for_failures(webhook, 3)
    written = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not [line for line in written if receiver.secret in line or "our-own-secret" in line]
    errors = await run(lambda: list(WebhookDelivery.objects.values_list("error", flat=True)))
    assert not [error for error in errors if receiver.secret in error or "our-own-secret" in error]


async def test_without_webhooks_a_message_costs_no_queries(
    scenario: GroupScenario, quick: Any, node: LocalNode
) -> None:
    quick.IM_EVENT_LOG_POLL_INTERVAL, quick.IM_WEBHOOK_INTERVAL = 3600, 0
    other = Dispatcher("other", node.hub)
    await other._start_due()
    await run(scenario.say, "hello")
    await wait_until(lambda: node.hub.watermark > other._seen)
    news = asyncio.create_task(other._wait_for_events())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not news.done()
    news.cancel()
    other._ready = True
    await other._wait_for_events()


async def test_a_webhook_without_matching_events_costs_no_write(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await run(hooks.make, receiver, "member.left", channel=scenario.group)

    def written(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("nothing is to be written")

    for name in ("webhook_lease", "webhook_skip_to", "webhook_record_attempt"):
        monkeypatch.setattr(deliveries, name, written)
    for number in range(20):
        await run(say, scenario.alice, scenario.room, str(number))
        await run(scenario.say, str(number))
    await wait_until_idle(node, webhook)
    assert receiver.requests == [] and (await reload(webhook)).position < await run(log.head)
