"""Delivery state of webhooks: which node delivers, the position reached, and recorded attempts.

One node holds a webhook's lease at a time, and every change is conditional on holding it. Leases use the database's
clock, so the nodes' clocks need not agree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from chat.models import Webhook, WebhookDeadLetter, WebhookDelivery
from delivery.db.transactions import write
from delivery.outbound.http_client import HttpResult

REASON_ACCESS_LOST = "The user who enabled it can no longer read these events."
NO_LEASE: dict[str, Any] = {"leased_by": "", "leased_until": None}
"""The lease fields of a webhook that no node is delivering."""


def webhook_lease(*, webhook: Webhook, node: str) -> Webhook | None:
    """Take or renew the lease of a webhook for one attempt; return its current row.

    Return None if it is disabled, not due, leased by another node, or no longer at the position where it was read.
    """
    lasting = timedelta(seconds=settings.IM_WEBHOOK_TIMEOUT + settings.IM_WEBHOOK_LEASE_SECONDS)
    with write():
        due = _not_leased_elsewhere(node).filter(
            pk=webhook.pk, position=webhook.position, enabled=True, next_attempt_at__lte=Now()
        )
        if not due.update(leased_by=node, leased_until=Now() + lasting):
            return None
        return Webhook.objects.select_related("channel", "created_by").get(pk=webhook.pk)


def webhook_leases_release(*, node: str) -> None:
    """Release the leases of all webhooks that this node holds."""
    with write():
        Webhook.objects.filter(leased_by=node).update(**NO_LEASE)


def webhook_skip_to(*, webhook: Webhook, node: str, upto: int) -> bool:
    """Record that no event up to this position matches the webhook.

    Return False if another node has leased or moved it.
    """
    with write():
        return bool(_not_leased_elsewhere(node).filter(pk=webhook.pk, position=webhook.position).update(position=upto))


def webhook_disable_for_reason(*, webhook: Webhook, node: str, reason: str) -> None:
    """Disable the webhook with a reason, which its manager sees."""
    with write():
        own = _not_leased_elsewhere(node).filter(pk=webhook.pk, created_by=webhook.created_by, enabled=True)
        own.update(enabled=False, disabled_reason=reason, **NO_LEASE)


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """A refused event, with the receiver's response."""

    position: int
    answer: HttpResult


def webhook_record_attempt(
    *,
    webhook: Webhook,
    first: int,
    last: int,
    upto: int,
    more: bool,
    events: int,
    answer: HttpResult,
    refused: RefusedEvent | None = None,
) -> bool:
    """Record an attempt of a leased webhook. Return True if it succeeded and the position has moved to `upto`.

    `more`: keep the lease for the next request. False means that the attempt failed and the webhook waits for its next
    attempt, or that the lease was lost, in which case its new holder delivers the same events again.

    `refused` becomes a dead letter if these events, which follow it, were accepted. A webhook that has failed for
    IM_WEBHOOK_DISABLE_AFTER_HOURS is disabled; if only `refused` failed, that becomes a dead letter and the webhook
    continues.
    """
    with write():
        if not Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk).exists():
            return False
        if answer.ok:
            moved = held_webhook(webhook).update(
                position=upto, failures=0, failing_since=None, **({} if more else NO_LEASE)
            )
            if moved and refused is not None:
                _store_dead_letter(webhook, refused, again=True)
        else:
            moved = 0
            pause = timedelta(seconds=backoff(webhook.failures + 1))
            held_webhook(webhook).update(
                failures=F("failures") + 1,
                failing_since=Coalesce("failing_since", Now()),
                next_attempt_at=Now() + pause,
                **NO_LEASE,
            )
            _give_up(webhook, upto, refused)
        attempt_store(webhook=webhook, first=first, last=last, events=events, answer=answer)
    return bool(moved)


def webhook_set_aside(*, webhook: Webhook, first: int, last: int, events: int, answer: HttpResult) -> bool:
    """Record a failed attempt of a leased webhook whose single event becomes a dead letter; return whether it did.

    The webhook waits for its next attempt, and continues behind the event.
    """
    with write():
        if not Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk).exists():
            return False
        pause = timedelta(seconds=backoff(1))
        moved = held_webhook(webhook).update(
            position=last, failures=0, failing_since=None, next_attempt_at=Now() + pause, **NO_LEASE
        )
        if moved:
            _store_dead_letter(webhook, RefusedEvent(last, answer), again=True)
        attempt_store(webhook=webhook, first=first, last=last, events=events, answer=answer)
    return bool(moved)


def webhook_record_refusal(*, webhook: Webhook, first: int, last: int, events: int, answer: HttpResult) -> None:
    """Record a failed attempt after which the leased webhook tries a different request at once."""
    with write():
        if Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk).exists():
            attempt_store(webhook=webhook, first=first, last=last, events=events, answer=answer)


def attempt_store(
    *, webhook: Webhook, answer: HttpResult, first: int = 0, last: int = 0, events: int = 0, attempt: int | None = None
) -> None:
    """Store an attempt for the webhook's manager to see; one without events was a test."""
    if attempt is None:
        attempt = webhook.failures + 1 if events else 0
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                webhook=webhook,
                first_position=first,
                last_position=last,
                event_count=events,
                attempt=attempt,
                status=answer.status,
                error=answer.error,
                duration_ms=answer.milliseconds,
            )
        ]
    )


def attempts_delete_old() -> None:
    """Delete all but the newest IM_WEBHOOK_MAX_LOGGED_ATTEMPTS attempts of each webhook."""
    for number in Webhook.objects.values_list("pk", flat=True):
        kept = WebhookDelivery.objects.filter(webhook=number).order_by("-pk").values_list("pk", flat=True)
        oldest = kept[settings.IM_WEBHOOK_MAX_LOGGED_ATTEMPTS - 1 : settings.IM_WEBHOOK_MAX_LOGGED_ATTEMPTS].first()
        if oldest is not None:
            WebhookDelivery.objects.filter(webhook=number, pk__lt=oldest).delete()


def backoff(failures: int) -> float:
    """Return the seconds until the next attempt: exponential with jitter, bounded."""
    longest = min(
        settings.IM_WEBHOOK_BACKOFF_MAX_SECONDS, settings.IM_WEBHOOK_BACKOFF_SECONDS * 2 ** min(failures - 1, 30)
    )
    return float(random.uniform(longest / 2, longest))


def _store_dead_letter(webhook: Webhook, refused: RefusedEvent, *, again: bool) -> None:
    """Store a dead letter. `again`: it is retried automatically."""
    WebhookDeadLetter.objects.bulk_create(
        [
            WebhookDeadLetter(
                webhook=webhook,
                position=refused.position,
                next_attempt_at=timezone.now() + timedelta(seconds=backoff(1)) if again else None,
                status=refused.answer.status,
                error=refused.answer.error,
            )
        ],
        ignore_conflicts=True,
    )


def _not_leased_elsewhere(node: str) -> QuerySet[Webhook]:
    """Return the webhooks whose lease no other node holds."""
    return Webhook.objects.filter(Q(leased_until=None) | Q(leased_until__lt=Now()) | Q(leased_by=node))


def held_webhook(webhook: Webhook) -> QuerySet[Webhook]:
    """Return the webhook's row; none if its lease was lost or its position has moved since it was read."""
    return Webhook.objects.filter(pk=webhook.pk, leased_by=webhook.leased_by, position=webhook.position)


def _give_up(webhook: Webhook, upto: int, refused: RefusedEvent | None) -> None:
    since = timezone.now() - timedelta(hours=settings.IM_WEBHOOK_DISABLE_AFTER_HOURS)
    long = Webhook.objects.filter(pk=webhook.pk, enabled=True, failing_since__lt=since)
    if refused is not None:
        if long.filter(position=webhook.position).update(
            position=upto, failures=0, failing_since=None, next_attempt_at=Now()
        ):
            _store_dead_letter(webhook, refused, again=False)
        return
    hours = f"{settings.IM_WEBHOOK_DISABLE_AFTER_HOURS:g}"
    long.update(enabled=False, disabled_reason=f"Every attempt has failed for {hours} hours.")
