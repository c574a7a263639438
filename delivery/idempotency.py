"""Idempotency keys: a repeated HTTP call has its effect once, on whichever node it arrives.

A call claims its key in the transaction of the work that the key protects. A plain key records only that it was used;
an IdempotencyKey also stores the request's fingerprint and the response. Both expire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from delivery.db.bulk import insert_rows
from delivery.models import IdempotencyRecord

ScopedKey = tuple[str, str]
"""Scope (which caller, which kind of call) and key."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key with the fingerprint of its request.

    A repeat of the same request gets the stored response; any other request with the key is refused.
    """

    scope: str
    key: str
    fingerprint: str

    @property
    def scoped_key(self) -> ScopedKey:
        return self.scope, self.key

    def item(self, index: int) -> IdempotencyKey:
        """Return the key of item number `index` of a bulk request. Each item is done in a transaction of its own."""
        return IdempotencyKey(f"{self.scope}:item", f"{index}:{self.key}", self.fingerprint)


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The fingerprint of the request that claimed a key, and the text of its response; both empty for a plain key."""

    fingerprint: str
    text: str


def find(keys: Sequence[ScopedKey]) -> dict[ScopedKey, StoredResponse]:
    """Return the stored responses of those keys that are claimed and have not expired."""
    if not keys:
        return {}
    rows = IdempotencyRecord.objects.filter(
        scope__in={scope for scope, _ in keys}, key__in={key for _, key in keys}, expires_at__gt=timezone.now()
    )
    wanted = set(keys)
    return {
        (scope, key): StoredResponse(fingerprint, response)
        for scope, key, fingerprint, response in rows.values_list("scope", "key", "fingerprint", "response")
        if (scope, key) in wanted
    }


def find_claimed(keys: Sequence[ScopedKey]) -> set[ScopedKey]:
    """Return those keys that are claimed and have not expired."""
    return set(find(keys))


def claim(keys: Sequence[ScopedKey]) -> None:
    """Claim plain keys for IM_LEGACY_IDEMPOTENCY_HOURS.

    Raises IntegrityError if another transaction has claimed one of them in the meantime; then call `find_claimed`
    again.
    """
    _insert({key: StoredResponse("", "") for key in keys}, settings.IM_LEGACY_IDEMPOTENCY_HOURS)


def claim_with_responses(responses: Mapping[IdempotencyKey, str]) -> None:
    """Claim keys with the texts of their responses for IM_IDEMPOTENCY_HOURS. Raises IntegrityError as `claim` does.

    The text may be empty until the same transaction calls `store_response`.
    """
    rows = {key.scoped_key: StoredResponse(key.fingerprint, text) for key, text in responses.items()}
    _insert(rows, settings.IM_IDEMPOTENCY_HOURS)


def store_response(key: IdempotencyKey, text: str) -> None:
    """Store the response to a key that the open transaction has claimed."""
    IdempotencyRecord.objects.filter(scope=key.scope, key=key.key).update(response=text)


def forget_expired() -> int:
    """Delete the keys that have expired; return how many."""
    return IdempotencyRecord.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _insert(responses: Mapping[ScopedKey, StoredResponse], hours: int) -> None:
    if not responses:
        return
    now = timezone.now()
    IdempotencyRecord.objects.filter(
        scope__in={scope for scope, _ in responses}, key__in={key for _, key in responses}, expires_at__lte=now
    ).delete()
    expires = connection.ops.adapt_datetimefield_value(now + timedelta(hours=hours))
    # In one order everywhere: two transactions with the same keys crossed must not wait for each other.
    rows = [(*key, responses[key].fingerprint, responses[key].text, expires) for key in sorted(responses)]
    insert_rows(IdempotencyRecord, ("scope", "key", "fingerprint", "response", "expires_at"), rows)
