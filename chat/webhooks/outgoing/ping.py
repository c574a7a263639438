"""Test requests to a webhook, on demand."""

from __future__ import annotations

import asyncio

from accounts.models import User
from chat.models import Webhook
from chat.webhooks.outgoing import payloads
from chat.webhooks.outgoing.deliveries import attempt_store
from chat.webhooks.outgoing.dispatcher import send
from chat.webhooks.outgoing.selectors import webhook_of
from delivery import log
from delivery.db.transactions import write
from delivery.outbound import http_client
from delivery.outbound.http_client import HttpResult


def webhook_ping(*, user: User, webhook_id: int) -> HttpResult:
    """Send one `ping` event now, independent of pending events, and record the attempt. Not for the event loop.

    Raise ChatError WEBHOOK_NOT_FOUND if the user does not manage the webhook.
    """
    webhook = webhook_of(user, webhook_id)
    answer = asyncio.run(_ping(webhook))
    with write():
        attempt_store(webhook=webhook, answer=answer)
    return answer


async def _ping(webhook: Webhook) -> HttpResult:
    async with http_client.open_client() as client:
        return await send(client, webhook, payloads.ping_body(webhook, log.now_ms()))
