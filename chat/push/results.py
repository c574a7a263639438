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
_MAX_BACKOFF_SECONDS, _MAX_DOUBLINGS = 3600.0, 20
SENT, RETRIED, DROPPED, ENDED = (
    metrics.PUSH_NOTIFICATIONS.labels(result) for result in ("sent", "retried", "dropped", "ended")
)


def record(row: PushNotification, request: PushRequest, answer: HttpResult) -> None:
    """Record the answer to the request for this notification."""
    if answer.ok:
        notifications.notification_sent(row=row)
        SENT.inc()
    elif answer.status in GONE:
        notifications.subscription_delete(subscription=row.subscription)
        ENDED.inc()
    elif _may_succeed_later(answer) and _retry(row, answer):
        RETRIED.inc()
        _log("push_retried", row, request, answer)
    else:
        notifications.notifications_drop(rows=[row])
        DROPPED.inc()
        _log("push_dropped", row, request, answer)


def _may_succeed_later(answer: HttpResult) -> bool:
    return answer.status is None or answer.status in _RETRIED or answer.status >= 500


def _retry(row: PushNotification, answer: HttpResult) -> bool:
    """Let the notifications of this browser wait; return whether there is a next attempt at this one."""
    backoff = min(settings.IM_PUSH_BACKOFF_SECONDS * 2.0 ** min(row.attempts, _MAX_DOUBLINGS), _MAX_BACKOFF_SECONDS)
    seconds = max(pause_seconds(answer.retry_after), backoff * random.uniform(0.8, 1.2))
    # A browser's push service that does not answer would otherwise be asked for each of its channels.
    notifications.notifications_retry(row=row, seconds=seconds)
    is_last: bool = row.attempts >= settings.IM_PUSH_RETRIES
    return not is_last and log.now_ms() + seconds * 1000 < row.expires_at


def _log(event: str, row: PushNotification, request: PushRequest, answer: HttpResult) -> None:
    """Log the host only: the rest of an endpoint is a secret of the browser."""
    facts = {"target": request.host, "code": answer.status, "error": answer.error, "position": row.subscription_id}
    logger.warning(event, extra=facts)
