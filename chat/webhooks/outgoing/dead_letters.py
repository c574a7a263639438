"""Dead letters: events that a receiver refused while it accepted others. They are retried separately.

So an event that is never accepted blocks no other, and none is lost: the webhook's manager sees its dead letters.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from chat.models import Webhook, WebhookDeadLetter
from chat.webhooks.outgoing.deliveries import NO_LEASE, attempt_store, backoff, held_webhook
from chat.webhooks.outgoing.selectors import webhook_of
from delivery.db.transactions import write
from delivery.outbound.http_client import HttpResult

_REFUSALS = frozenset({400, 409, 413, 415, 422})
_BUSY = frozenset({408, 425, 429, 502, 503, 504})
FAILURES_BEFORE_SPLITTING = 3
"""Failures in a row after which any error except "unreachable" may be caused by the content."""


def is_refusal(answer: HttpResult) -> bool:
    """Return whether the response rejects the content, and reports no fault of the receiver or wrong credentials."""
    return answer.status in _REFUSALS


def may_be_caused_by_content(answer: HttpResult, failures: int) -> bool:
    """Return whether a smaller or different request might be accepted after this one failed.

    `failures`: failed attempts before this one.
    """
    return is_refusal(answer) or (
        failures + 1 >= FAILURES_BEFORE_SPLITTING and (answer.status is not None or answer.timed_out)
    )


def needs_pause(answer: HttpResult) -> bool:
    """Return whether the receiver is slow or busy, so that another request at once would only add to its load."""
    is_slow = answer.milliseconds >= settings.IM_WEBHOOK_TIMEOUT * 1000 / 2
    return answer.status is None or answer.status in _BUSY or is_slow


def has_dead_letter_room(*, webhook: Webhook) -> bool:
    """Return whether the webhook may have another dead letter.

    IM_WEBHOOK_DEAD_LETTERS of them indicate a failing receiver.
    """
    limit: int = settings.IM_WEBHOOK_DEAD_LETTERS
    return WebhookDeadLetter.objects.filter(webhook=webhook).count() < limit


def dead_letter_record_attempt(*, webhook: Webhook, refused: WebhookDeadLetter, answer: HttpResult) -> None:
    """Record another attempt at a dead letter, and release the webhook's lease.

    After IM_WEBHOOK_DISABLE_AFTER_HOURS hours a dead letter is no longer retried.
    """
    with write():
        if not Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk).exists():
            return
        mine = WebhookDeadLetter.objects.filter(pk=refused.pk)
        if answer.ok:
            mine.delete()
        else:
            last = refused.created_at < timezone.now() - timedelta(hours=settings.IM_WEBHOOK_DISABLE_AFTER_HOURS)
            pause = timedelta(seconds=backoff(refused.attempts + 1))
            mine.update(
                attempts=F("attempts") + 1,
                next_attempt_at=None if last else Now() + pause,
                status=answer.status,
                error=answer.error,
            )
        attempt, at = refused.attempts + 1, refused.position
        attempt_store(webhook=webhook, first=at, last=at, events=1, answer=answer, attempt=attempt)
        held_webhook(webhook).update(**NO_LEASE)


def dead_letter_delete(*, webhook: Webhook, refused: WebhookDeadLetter) -> None:
    """Delete a dead letter whose event was deleted, or which the webhook may no longer receive."""
    with write():
        WebhookDeadLetter.objects.filter(pk=refused.pk).delete()
        held_webhook(webhook).update(**NO_LEASE)


def dead_letters_delete_all(*, user: User, webhook_id: int) -> None:
    """Delete all dead letters of a webhook. Raise ChatError WEBHOOK_NOT_FOUND if the user does not manage it."""
    with write():
        WebhookDeadLetter.objects.filter(webhook=webhook_of(user, webhook_id)).delete()
