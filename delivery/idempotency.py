"""Idempotency keys: a repeated HTTP call has its effect once, on whichever node it arrives.

A call claims its key in the transaction of the work that the key protects. A plain key records only that it was used;
an IdempotencyKey also stores the request's fingerprint and the response. Both expire.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from delivery.db.bulk import Statement, delete_by_pairs, execute_batch, insert_statements, select_by_pairs
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


_NO_RESPONSE = StoredResponse("", "")


def find(keys: Sequence[ScopedKey]) -> dict[ScopedKey, StoredResponse]:
    """Return the stored responses of those keys that are claimed and have not expired."""
    if not keys:
        return {}
    (rows,) = execute_batch([find_statement(keys)])
    return found(rows)


def find_statement(keys: Collection[ScopedKey]) -> Statement:
    """Return the statement that `find` executes; see `found`."""
    fields = ("scope", "key", "fingerprint", "response")
    return select_by_pairs(
        IdempotencyRecord, fields, ("scope", "key"), keys, "AND expires_at > %s", [_time(timezone.now())]
    )


def found(rows: Sequence[Sequence[str]]) -> dict[ScopedKey, StoredResponse]:
    """Return the stored responses in the rows of `find_statement`."""
    return {(scope, key): StoredResponse(fingerprint, text) for scope, key, fingerprint, text in rows}


def find_claimed(keys: Sequence[ScopedKey]) -> set[ScopedKey]:
    """Return those keys that are claimed and have not expired."""
    return set(find(keys))


def claim(keys: Sequence[ScopedKey]) -> None:
    """Claim plain keys for IM_LEGACY_IDEMPOTENCY_HOURS.

    Raises IntegrityError if another transaction has claimed one of them in the meantime; then call `find_claimed`
    again.
    """
    execute_batch(claim_statements(keys))


def claim_statements(keys: Sequence[ScopedKey]) -> list[Statement]:
    """Return the statements that `claim` executes. They may wait for other transactions that claim the same keys."""
    return _claim_statements(dict.fromkeys(keys, _NO_RESPONSE), settings.IM_LEGACY_IDEMPOTENCY_HOURS)


def claim_with_responses(responses: Mapping[IdempotencyKey, str]) -> None:
    """Claim keys with the texts of their responses for IM_IDEMPOTENCY_HOURS. Raises IntegrityError as `claim` does.

    The text may be empty until the same transaction calls `store_response`.
    """
    execute_batch(claim_with_response_statements(responses))


def claim_with_response_statements(responses: Mapping[IdempotencyKey, str]) -> list[Statement]:
    """Return the statements that `claim_with_responses` executes."""
    rows = {key.scoped_key: StoredResponse(key.fingerprint, text) for key, text in responses.items()}
    return _claim_statements(rows, settings.IM_IDEMPOTENCY_HOURS)


def store_response(key: IdempotencyKey, text: str) -> None:
    """Store the response to a key that the open transaction has claimed."""
    IdempotencyRecord.objects.filter(scope=key.scope, key=key.key).update(response=text)


def forget_expired() -> int:
    """Delete the keys that have expired; return how many."""
    return IdempotencyRecord.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _claim_statements(responses: Mapping[ScopedKey, StoredResponse], hours: int) -> list[Statement]:
    if not responses:
        return []
    now = timezone.now()
    expires = _time(now + timedelta(hours=hours))
    # In one order everywhere: two transactions with the same keys crossed must not wait for each other.
    rows = [(*key, responses[key].fingerprint, responses[key].text, expires) for key in sorted(responses)]
    return [
        delete_by_pairs(IdempotencyRecord, ("scope", "key"), list(responses), "AND expires_at <= %s", [_time(now)]),
        *insert_statements(IdempotencyRecord, ("scope", "key", "fingerprint", "response", "expires_at"), rows),
    ]


def _time(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
