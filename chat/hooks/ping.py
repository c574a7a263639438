"""A test request to a webhook, on demand: whether its receiver takes what it gets."""

from __future__ import annotations

import asyncio

from accounts.models import User
from chat.actions.webhook_delivery import attempt_keep
from chat.hooks import events
from chat.hooks.dispatcher import send
from chat.models import Webhook
from chat.selectors.hooks import webhook_of
from delivery import log, outward
from delivery.outward import Answer
from delivery.transactions import write


def webhook_ping(*, user: User, webhook_id: int) -> Answer:
    """Send one event `ping` now, whatever else waits, and write down what came of it. Not on the event loop.

    NO_DATA for a hook that the person does not manage.
    """
    hook = webhook_of(user, webhook_id)
    answer = asyncio.run(_ping(hook))
    with write():
        attempt_keep(hook=hook, answer=answer)
    return answer


async def _ping(hook: Webhook) -> Answer:
    async with outward.client() as client:
        return await send(client, hook, events.ping_body(hook, log.now_ms()))
