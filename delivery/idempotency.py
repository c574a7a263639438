"""Keys of HTTP calls: repeated on any node, a call happens once. Claimed in the transaction of what they guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from delivery.db.bulk import insert
from delivery.models import ClaimedKey

Claim = tuple[str, str]
"""Scope (whose call of which kind) and key."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key that remembers what it was used for, so that a repeat gets the first answer, and another request none."""

    scope: str
    key: str
    fingerprint: str

    @property
    def claim(self) -> Claim:
        return self.scope, self.key

    def item(self, index: int) -> IdempotencyKey:
        """The guard of one of several things that the request does, each in a transaction of its own."""
        return IdempotencyKey(f"{self.scope}:item", f"{index}:{self.key}", self.fingerprint)


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What a key was used for: the request's fingerprint, and what it was answered."""

    fingerprint: str
    answer: str


def held(claims: Sequence[Claim]) -> dict[Claim, StoredResponse]:
    """Those of the claims that somebody has made and that have not expired."""
    if not claims:
        return {}
    rows = ClaimedKey.objects.filter(
        scope__in={scope for scope, _ in claims}, key__in={key for _, key in claims}, expires__gt=timezone.now()
    )
    wanted = set(claims)
    return {
        (scope, key): StoredResponse(fingerprint, answer)
        for scope, key, fingerprint, answer in rows.values_list("scope", "key", "fingerprint", "answer")
        if (scope, key) in wanted
    }


def claimed(claims: Sequence[Claim]) -> set[Claim]:
    """The same without what they were used for."""
    return set(held(claims))


def forget_expired() -> int:
    """Delete the keys that have expired; returns how many."""
    return ClaimedKey.objects.filter(expires__lte=timezone.now()).delete()[0]


def claim(claims: Sequence[Claim]) -> None:
    """Claim them all. Raises IntegrityError where another transaction was faster; then look with `claimed` again."""
    _insert({one: StoredResponse("", "") for one in claims}, settings.IM_LEGACY_IDEMPOTENCY_HOURS)


def hold(answers: Mapping[IdempotencyKey, str]) -> None:
    """Claim the guards' keys with what is answered. IntegrityError as for `claim`; then look with `held` again."""
    made = {guard.claim: StoredResponse(guard.fingerprint, answer) for guard, answer in answers.items()}
    _insert(made, settings.IM_IDEMPOTENCY_HOURS)


def answer(guard: IdempotencyKey, text: str) -> None:
    """Fill in what is answered, for a key that this very transaction has claimed without."""
    ClaimedKey.objects.filter(scope=guard.scope, key=guard.key).update(answer=text)


def _insert(claims: Mapping[Claim, StoredResponse], hours: int) -> None:
    if not claims:
        return
    now = timezone.now()
    ClaimedKey.objects.filter(
        scope__in={scope for scope, _ in claims}, key__in={key for _, key in claims}, expires__lte=now
    ).delete()
    expires = connection.ops.adapt_datetimefield_value(now + timedelta(hours=hours))
    # In one order everywhere: crossed keys must not wait for each other.
    rows = [(*claim, made.fingerprint, made.answer, expires) for claim, made in sorted(claims.items(), key=_claim)]
    insert(ClaimedKey, ("scope", "key", "fingerprint", "answer", "expires"), rows)


def _claim(item: tuple[Claim, StoredResponse]) -> Claim:
    return item[0]
