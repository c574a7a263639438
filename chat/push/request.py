"""The encrypted request (RFC 8291) that hands a notification to a push service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from django.conf import settings

from chat.models import PushNotification
from chat.push import keys
from chat.push.endpoints import check_endpoint
from delivery.log import now_ms
from delivery.outbound import http_client
from delivery.outbound.http_client import HttpResult
from delivery.outbound.ssrf_guard import UrlNotAllowed

_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_MAX_PAUSE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A request to a push service."""

    endpoint: str
    body: bytes
    headers: dict[str, str]

    @property
    def host(self) -> str:
        """Return the host of the push service, for the log: the rest of the URL is a secret."""
        return httpx.URL(self.endpoint).host


def push_request(row: PushNotification, payload: bytes) -> PushRequest:
    """Return the request for a notification with its subscription. It takes half a millisecond of CPU."""
    subscription = row.subscription
    headers = {
        "Authorization": keys.authorization(subscription.endpoint),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(0, (row.expires_at - now_ms()) // 1000)),
        # A notification of the same channel that the browser has not fetched yet is replaced.
        "Topic": f"channel-{row.channel}",
        "Urgency": "high",
        "User-Agent": "imsite-push",
    }
    return PushRequest(subscription.endpoint, _encrypt(payload, subscription.p256dh, subscription.auth), headers)


async def send(request: PushRequest) -> HttpResult:
    """POST the request. Raises nothing but CancelledError."""
    try:
        # The allowed networks may have changed since the browser subscribed.
        check_endpoint(request.endpoint)
    except UrlNotAllowed as refusal:
        return HttpResult(None, str(refusal), 0)
    return await http_client.post(
        request.endpoint,
        request.body,
        request.headers,
        timeout=settings.IM_PUSH_TIMEOUT,
        private_networks=settings.IM_PUSH_PRIVATE_NETWORKS,
    )


def pause_seconds(retry_after: str) -> float:
    """Return the seconds that a header `Retry-After` asks for, at most a day; 0 without one."""
    if _SECONDS.fullmatch(retry_after.strip()):
        return min(float(retry_after), _MAX_PAUSE_SECONDS)
    try:
        at = parsedate_to_datetime(retry_after)
        return min(max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds()), _MAX_PAUSE_SECONDS)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _encrypt(payload: bytes, p256dh: str, auth: str) -> bytes:
    # Only sites that send notifications need these libraries.
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec

    body: bytes = http_ece.encrypt(
        payload,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=keys.from_base64url(p256dh),
        auth_secret=keys.from_base64url(auth),
        version="aes128gcm",
    )
    return body
