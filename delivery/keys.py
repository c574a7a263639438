"""Keys of HTTP calls: repeated on any node, a call happens once. Claimed in the transaction of what they guard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from delivery.models import ClaimedKey

Claim = tuple[str, str]
"""Scope (whose call of which kind) and key."""


def claimed(claims: Sequence[Claim]) -> set[Claim]:
    """Those of the claims that somebody has made and that have not expired."""
    if not claims:
        return set()
    rows = ClaimedKey.objects.filter(
        scope__in={scope for scope, _ in claims}, key__in={key for _, key in claims}, expires__gt=timezone.now()
    )
    return set(rows.values_list("scope", "key")) & set(claims)


def forget_expired() -> int:
    """Delete the keys that have expired; returns how many."""
    return ClaimedKey.objects.filter(expires__lte=timezone.now()).delete()[0]


def claim(claims: Sequence[Claim]) -> None:
    """Claim them all. Raises IntegrityError where another transaction was faster; then look with `claimed` again."""
    if not claims:
        return
    now = timezone.now()
    ClaimedKey.objects.filter(
        scope__in={scope for scope, _ in claims}, key__in={key for _, key in claims}, expires__lte=now
    ).delete()
    expires = now + timedelta(hours=settings.IM_CLAIM_HOURS)
    # In one order everywhere: crossed keys must not wait for each other.
    ClaimedKey.objects.bulk_create([ClaimedKey(scope=scope, key=key, expires=expires) for scope, key in sorted(claims)])
