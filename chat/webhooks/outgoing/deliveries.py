"""What the nodes write while they deliver to webhooks: who does, how far it has come, what failed.

A hook is one node's while its lease runs; every change is conditional on holding it. The database's clock counts, so
the nodes' own need not agree.
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

NO_RIGHT = "Whoever switched it on may not read what it hears any more."
NO_LEASE: dict[str, Any] = {"leased_by": "", "leased_until": None}
"""The fields of a hook that nobody delivers to."""


def webhook_lease(*, webhook: Webhook, node: str) -> Webhook | None:
    """Take a hook, or keep it, for one attempt, and read it anew.

    None if it is off, not due, another node's, or no longer at the position where it was read.
    """
    lasting = timedelta(seconds=settings.IM_WEBHOOK_TIMEOUT + settings.IM_WEBHOOK_LEASE)
    with write():
        due = _not_leased_elsewhere(node).filter(
            pk=webhook.pk, position=webhook.position, enabled=True, next_attempt_at__lte=Now()
        )
        if not due.update(leased_by=node, leased_until=Now() + lasting):
            return None
        return Webhook.objects.select_related("channel", "created_by").get(pk=webhook.pk)


def webhook_release(*, node: str) -> None:
    """Let others deliver what this node holds."""
    with write():
        Webhook.objects.filter(leased_by=node).update(**NO_LEASE)


def webhook_skip_to(*, webhook: Webhook, node: str, upto: int) -> bool:
    """Nothing up to this position concerns the hook; False if somebody delivers to it, or has."""
    with write():
        return bool(_not_leased_elsewhere(node).filter(pk=webhook.pk, position=webhook.position).update(position=upto))


def webhook_disable_for_reason(*, webhook: Webhook, node: str, reason: str) -> None:
    """Switch the hook off, for a reason that its operator sees."""
    with write():
        own = _not_leased_elsewhere(node).filter(pk=webhook.pk, created_by=webhook.created_by, enabled=True)
        own.update(enabled=False, disabled_reason=reason, **NO_LEASE)


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that was refused, by this answer."""

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
    """Write an attempt at a leased hook down; True if it succeeded and the position has moved to `upto`.

    The lease goes on where there is `more`. False if it failed, when the hook is let go until its next attempt, or if
    the lease was lost meanwhile: whoever has it now delivers the same again.
    What is `aside` is put aside if these events, which follow it, were taken. A hook that has failed for
    IM_WEBHOOK_GIVE_UP hours is switched off; but if this was about `aside` alone, that is put aside and it goes on.
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


def webhook_record_refusal(*, webhook: Webhook, first: int, last: int, events: int, answer: HttpResult) -> None:
    """Write down an attempt that failed, after which a leased hook is tried otherwise at once."""
    with write():
        if Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk).exists():
            attempt_store(webhook=webhook, first=first, last=last, events=events, answer=answer)


def attempt_store(
    *, webhook: Webhook, answer: HttpResult, first: int = 0, last: int = 0, events: int = 0, attempt: int | None = None
) -> None:
    """Keep an attempt to be looked at; one without events was a test."""
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
    """Delete all but the newest IM_WEBHOOK_DELIVERY_LOG attempts of each hook."""
    for number in Webhook.objects.values_list("pk", flat=True):
        kept = WebhookDelivery.objects.filter(webhook=number).order_by("-pk").values_list("pk", flat=True)
        oldest = kept[settings.IM_WEBHOOK_DELIVERY_LOG - 1 : settings.IM_WEBHOOK_DELIVERY_LOG].first()
        if oldest is not None:
            WebhookDelivery.objects.filter(webhook=number, pk__lt=oldest).delete()


def backoff(failures: int) -> float:
    """Seconds until the next attempt after so many failures: doubled each time, with a chance part, and bounded."""
    longest = min(settings.IM_WEBHOOK_BACKOFF_MAX, settings.IM_WEBHOOK_BACKOFF * 2 ** min(failures - 1, 30))
    return float(random.uniform(longest / 2, longest))


def _store_dead_letter(webhook: Webhook, refused: RefusedEvent, *, again: bool) -> None:
    """`again`: it is sent again by itself."""
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
    """The hooks that no other node delivers to."""
    return Webhook.objects.filter(Q(leased_until=None) | Q(leased_until__lt=Now()) | Q(leased_by=node))


def held_webhook(webhook: Webhook) -> QuerySet[Webhook]:
    """The hook's row if the lease by which it was read still holds and nobody has moved its position."""
    return Webhook.objects.filter(pk=webhook.pk, leased_by=webhook.leased_by, position=webhook.position)


def _give_up(webhook: Webhook, upto: int, refused: RefusedEvent | None) -> None:
    since = timezone.now() - timedelta(hours=settings.IM_WEBHOOK_GIVE_UP)
    long = Webhook.objects.filter(pk=webhook.pk, enabled=True, failing_since__lt=since)
    if refused is not None:
        if long.filter(position=webhook.position).update(
            position=upto, failures=0, failing_since=None, next_attempt_at=Now()
        ):
            _store_dead_letter(webhook, refused, again=False)
        return
    hours = f"{settings.IM_WEBHOOK_GIVE_UP:g}"
    long.update(enabled=False, disabled_reason=f"Every attempt has failed for {hours} hours.")
