"""Records what a push service has answered: sent, try again, drop the notification, or end the subscription."""

from __future__ import annotations

import logging
import random

from django.conf import settings

from chat.models import PushNotification
from chat.push import notifications
from chat.push.request import PushRequest, pause_seconds
from delivery import log, metrics
from delivery.outbound.http_client import HttpResult

logger = logging.getLogger(__name__)

GONE = (404, 410)
_RETRIED = (408, 425, 429)
_MAX_BACKOFF_SECONDS = 3600.0
SENT, RETRIED, DROPPED, ENDED = (
    metrics.PUSH_NOTIFICATIONS.labels(result) for result in ("sent", "retried", "dropped", "ended")
)


def record(row: PushNotification, request: PushRequest, answer: HttpResult) -> None:
    """Record the answer to the request for this notification."""
    if answer.ok:
        notifications.notification_sent(row=row)
        SENT.inc()
    elif answer.status in GONE:
        notifications.subscription_delete(subscription_id=row.subscription_id)
        ENDED.inc()
    elif _may_succeed_later(answer) and (seconds := _pause(row, answer)) is not None:
        notifications.notification_retry(row=row, seconds=seconds)
        RETRIED.inc()
        _log("push_retried", row, request, answer)
    else:
        notifications.notifications_drop(rows=[row])
        DROPPED.inc()
        _log("push_dropped", row, request, answer)


def _may_succeed_later(answer: HttpResult) -> bool:
    return answer.status is None or answer.status in _RETRIED or answer.status >= 500


def _pause(row: PushNotification, answer: HttpResult) -> float | None:
    """Return the seconds until the next attempt; None if there is none before the notification expires."""
    if row.attempts >= settings.IM_PUSH_RETRIES:
        return None
    backoff = min(settings.IM_PUSH_BACKOFF_SECONDS * 2**row.attempts, _MAX_BACKOFF_SECONDS)
    seconds = max(pause_seconds(answer.retry_after), backoff * random.uniform(0.8, 1.2))
    return seconds if log.now_ms() + seconds * 1000 < row.expires_at else None


def _log(event: str, row: PushNotification, request: PushRequest, answer: HttpResult) -> None:
    """Log the host only: the rest of an endpoint is a secret of the browser."""
    facts = {"target": request.host, "code": answer.status, "error": answer.error, "position": row.subscription_id}
    logger.warning(event, extra=facts)
