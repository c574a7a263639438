"""Test requests to a webhook, on demand."""

from __future__ import annotations

import asyncio

from accounts.models import User
from chat.webhooks.outgoing import payloads
from chat.webhooks.outgoing.deliveries import attempt_store
from chat.webhooks.outgoing.request import send
from chat.webhooks.outgoing.selectors import webhook_of
from delivery import log
from delivery.db.transactions import write
from delivery.outbound.http_client import HttpResult


def webhook_ping(*, user: User, webhook_id: int) -> HttpResult:
    """Send one `ping` event now, independent of pending events, and record the attempt. Not for the event loop.

    Raise ChatError WEBHOOK_NOT_FOUND if the user does not manage the webhook.
    """
    webhook = webhook_of(user, webhook_id)
    answer = asyncio.run(send(webhook, payloads.ping_body(webhook, log.now_ms())))
    with write():
        attempt_store(webhook=webhook, answer=answer)
    return answer
