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
from chat.webhooks.outgoing.deliveries import FREED, attempt_keep, backoff, held
from chat.webhooks.outgoing.selectors import webhook_of
from delivery.db.transactions import write
from delivery.outbound.http_client import HttpResult

_REFUSALS = frozenset({400, 409, 413, 415, 422})
PATIENCE = 3
"""Failures in a row after which any that is no plain absence may be because of what was sent."""


def is_refusal(answer: HttpResult) -> bool:
    """Whether the receiver speaks of what it was sent, rather than of itself or of who sends."""
    return answer.status in _REFUSALS


def may_be_what_was_sent(answer: HttpResult, failures: int) -> bool:
    """Whether a smaller request, or another one, may be taken where this one was not. `failures`: those before it."""
    return is_refusal(answer) or (failures + 1 >= PATIENCE and (answer.status is not None or answer.timed_out))


def aside_room(*, hook: Webhook) -> bool:
    """Whether another event of the hook may be put aside. IM_WEBHOOK_DEAD_LETTERS of them are a receiver that fails."""
    limit: int = settings.IM_WEBHOOK_DEAD_LETTERS
    return WebhookDeadLetter.objects.filter(webhook=hook).count() < limit


def aside_attempted(*, hook: Webhook, aside: WebhookDeadLetter, answer: HttpResult) -> None:
    """Write another attempt at what was put aside down, and let the leased hook go.

    After IM_WEBHOOK_GIVE_UP hours it is not sent again by itself.
    """
    with write():
        if not Webhook.objects.select_for_update(no_key=True).filter(pk=hook.pk).exists():
            return
        mine = WebhookDeadLetter.objects.filter(pk=aside.pk)
        if answer.ok:
            mine.delete()
        else:
            last = aside.created_at < timezone.now() - timedelta(hours=settings.IM_WEBHOOK_GIVE_UP)
            pause = timedelta(seconds=backoff(aside.attempts + 1))
            mine.update(
                attempts=F("attempts") + 1,
                next_attempt_at=None if last else Now() + pause,
                status=answer.status,
                error=answer.error,
            )
        attempt, at = aside.attempts + 1, aside.position
        attempt_keep(hook=hook, first=at, last=at, events=1, answer=answer, attempt=attempt)
        held(hook).update(**FREED)


def aside_gone(*, hook: Webhook, aside: WebhookDeadLetter) -> None:
    """What it was is not there any more, or not for this leased hook to hear."""
    with write():
        WebhookDeadLetter.objects.filter(pk=aside.pk).delete()
        held(hook).update(**FREED)


def asides_forget(*, user: User, webhook_id: int) -> None:
    """Send none of them again. NO_DATA for a hook that the person does not manage."""
    with write():
        WebhookDeadLetter.objects.filter(webhook=webhook_of(user, webhook_id)).delete()
