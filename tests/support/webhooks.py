"""Webhooks for tests: created for a receiver, and waiting for their deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat.models import Channel, Webhook, WebhookDelivery
from chat.webhooks.outgoing.actions import webhook_create
from chat.wire.schema.events import SUBSCRIPTIONS
from delivery import log
from delivery.db.executors import run
from delivery.outbound import http_client
from delivery.outbound.http_client import HttpResult
from tests.support.in_process import LocalNode
from tests.support.receiver import Receiver
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

ALL_EVENTS = SUBSCRIPTIONS


class WebhookFactory:
    """Creates webhooks of Olga's, signed with the secret that the receiver expects."""

    def __init__(self, olga: User) -> None:
        self.olga = olga

    def make(
        self, receiver: Receiver, *events: str, channel: Channel | None = None, creator: User | None = None
    ) -> Webhook:
        webhook, receiver.secret = webhook_create(
            creator=creator or self.olga,
            name="Books",
            url=receiver.url,
            events=events or (ALL_EVENTS if channel is None else ALL_EVENTS[:5]),
            channel_id=channel.pk if channel is not None else None,
        )
        return webhook


async def reload(webhook: Webhook) -> Webhook:
    """Return the webhook with its present row."""
    return await run(lambda: Webhook.objects.get(pk=webhook.pk))


async def wait_until_idle(node: LocalNode, *hooks: Webhook) -> None:
    """Wait until the node has delivered all events in the log."""
    head = await run(log.head)
    progress = node.node.webhooks._progress
    await wait_until(
        lambda: all(webhook.pk in progress and progress[webhook.pk].checked_upto >= head for webhook in hooks)
    )


async def wait_until_stored(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds. It may query the database."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await run(condition):  # noqa: ASYNC110  nothing announces it
            await asyncio.sleep(0.01)


async def wait_until_disabled(webhook: Webhook) -> str:
    """Wait until the webhook is disabled; return the reason."""
    await wait_until_stored(lambda: not Webhook.objects.get(pk=webhook.pk).enabled)
    return (await reload(webhook)).disabled_reason


async def wait_until_settled(webhook: Webhook) -> None:
    """Wait until no node delivers the webhook and its position is that of the newest event."""
    await wait_until_stored(lambda: Webhook.objects.filter(pk=webhook.pk, leased_by="", position=log.head()).exists())


async def wait_for_failures(webhook: Webhook, times: int) -> None:
    """Wait until this many more attempts have failed."""
    those = WebhookDelivery.objects.filter(webhook=webhook).exclude(error="")
    wanted = await run(those.count) + times
    await wait_until_stored(lambda: those.count() >= wanted)


def time_out_unanswered(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests with one of `receiver.unanswered` end at once like those that are not answered in time."""
    post = http_client.post

    async def post_or_time_out(url: str, body: bytes, *given: Any, timeout: float, **options: Any) -> HttpResult:
        if any(text in body for text in receiver.unanswered):
            return HttpResult(None, f"No answer within {timeout:g} s.", round(timeout * 1000), timed_out=True)
        return await post(url, body, *given, timeout=timeout, **options)

    monkeypatch.setattr(http_client, "post", post_or_time_out)


async def last_error(webhook: Webhook) -> str:
    """Return status and error of the last attempt."""
    last = await run(lambda: WebhookDelivery.objects.filter(webhook=webhook).order_by("-pk").first())
    assert last is not None
    return last.error
