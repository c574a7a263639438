"""Rewrites personal data in stored events and stored responses; positions and audiences stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.db.models import Max, Min, Q

from delivery.db.transactions import write
from delivery.log import head
from delivery.models import Event, EventRecipient, IdempotencyRecord

Body = dict[str, Any]
_SCAN_SIZE = 20_000
"""Positions, or claimed keys, that one query scans."""
_BATCH_SIZE = 500
"""Events rewritten in one transaction."""


def rewrite_events(texts: Sequence[str], change: Callable[[str, Body], Body | None], *, after: int = 0) -> int:
    """Call `change` with kind and body of each event that contains one of the texts; return how many it changed.

    `change` returns the new body, or None to leave the event as it is. Events up to position `after` are left out. The
    scan holds no locks. It is safe to repeat.
    """
    changed = 0
    for start in range(after, head(), _SCAN_SIZE):
        # The slow search takes no lock; the events found are read again with a lock.
        found = Event.objects.filter(_contains_any("body", texts), position__gt=start, position__lte=start + _SCAN_SIZE)
        positions = list(found.values_list("position", flat=True))
        for first in range(0, len(positions), _BATCH_SIZE):
            with write():
                # Without the lock, a text that is recalled meanwhile would be written back.
                rows = Event.objects.select_for_update(no_key=True).order_by("position")
                batch = rows.filter(position__in=positions[first : first + _BATCH_SIZE])
                for row in batch.only("position", "kind", "body"):
                    body = change(row.kind, orjson.loads(row.body))
                    if body is not None:
                        Event.objects.filter(pk=row.pk).update(body=orjson.dumps(body).decode())
                        changed += 1
    return changed


def rewrite_responses(texts: Sequence[str], change: Callable[[Any], Any]) -> None:
    """Replace each stored response that contains one of the texts. Encrypted responses stay: they cannot be read."""
    ids = IdempotencyRecord.objects.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(ids["first"] or 0, (ids["last"] or 0) + 1, _SCAN_SIZE):
        found = IdempotencyRecord.objects.filter(
            _contains_any("response", texts), pk__gte=start, pk__lt=start + _SCAN_SIZE
        )
        # No lock is needed: a response never changes after the transaction that claims its key.
        for pk, response in found.values_list("pk", "response"):
            rewritten = orjson.dumps(change(orjson.loads(response))).decode()
            with write():
                IdempotencyRecord.objects.filter(pk=pk).update(response=rewritten)


def _contains_any(field: str, texts: Sequence[str]) -> Q:
    condition = Q(pk__in=())
    for text in texts:
        condition |= Q(**{f"{field}__contains": text})
    return condition


def clear_events_of(user_id: int) -> None:
    """Empty the bodies of events whose only audience is this user, who will never fetch them again."""
    own = EventRecipient.objects.filter(user_id=user_id).values("position")
    shared = EventRecipient.objects.filter(position__in=own).exclude(user_id=user_id).values("position")
    with write():
        Event.objects.filter(position__in=own).exclude(position__in=shared).update(body="{}")
