"""The signed request to a webhook's URL."""

from __future__ import annotations

import time

from django.conf import settings

from chat.models import Webhook
from chat.webhooks.outgoing import signature
from delivery.outbound import http_client
from delivery.outbound.http_client import HttpResult


async def send(webhook: Webhook, body: bytes) -> HttpResult:
    """POST a signed body to the webhook's URL."""
    signed = signature.headers(webhook.secret, body, time.time())
    headers = {"Content-Type": "application/json", "User-Agent": "imsite-webhook", **signed}
    return await http_client.post(webhook.url, body, headers, timeout=settings.IM_WEBHOOK_TIMEOUT)
