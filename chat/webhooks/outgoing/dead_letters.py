"""Events that a webhook's receiver refuses while it takes others: put aside, sent again by themselves, in nobody's way.

So one that can never be taken blocks nothing, and none is lost: whoever manages the hook sees what was put aside.
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
FAILURES_BEFORE_SPLITTING = 3
"""Failures in a row after which any that is no plain absence may be because of what was sent."""


def is_refusal(answer: HttpResult) -> bool:
    """Whether the receiver speaks of what it was sent, rather than of itself or of who sends."""
    return answer.status in _REFUSALS


def may_be_caused_by_content(answer: HttpResult, failures: int) -> bool:
    """Whether a smaller request, or another one, may be taken where this one was not. `failures`: those before it."""
    return is_refusal(answer) or (
        failures + 1 >= FAILURES_BEFORE_SPLITTING and (answer.status is not None or answer.timed_out)
    )


def has_dead_letter_room(*, webhook: Webhook) -> bool:
    """Whether another event of the hook may be put aside. IM_WEBHOOK_DEAD_LETTERS of them are a receiver that fails."""
    limit: int = settings.IM_WEBHOOK_DEAD_LETTERS
    return WebhookDeadLetter.objects.filter(webhook=webhook).count() < limit


def dead_letter_record_attempt(*, webhook: Webhook, refused: WebhookDeadLetter, answer: HttpResult) -> None:
    """Write another attempt at what was put aside down, and let the leased hook go.

    After IM_WEBHOOK_GIVE_UP hours it is not sent again by itself.
    """
    with write():
        if not Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk).exists():
            return
        mine = WebhookDeadLetter.objects.filter(pk=refused.pk)
        if answer.ok:
            mine.delete()
        else:
            last = refused.created_at < timezone.now() - timedelta(hours=settings.IM_WEBHOOK_GIVE_UP)
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
    """What it was is not there any more, or not for this leased hook to hear."""
    with write():
        WebhookDeadLetter.objects.filter(pk=refused.pk).delete()
        held_webhook(webhook).update(**NO_LEASE)


def dead_letters_delete_all(*, user: User, webhook_id: int) -> None:
    """Send none of them again. NO_DATA for a hook that the person does not manage."""
    with write():
        WebhookDeadLetter.objects.filter(webhook=webhook_of(user, webhook_id)).delete()
