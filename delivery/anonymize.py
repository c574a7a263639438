"""What the log says of somebody, said otherwise: bodies are changed in place, positions and audiences are not.

So are the answers that repeated HTTP calls get.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.db.models import Max, Min, Q

from delivery.db.transactions import write
from delivery.log import head
from delivery.models import ClaimedKey, Event, EventPerson

Body = dict[str, Any]
_TOGETHER = 20_000
"""Positions, or kept answers, that are looked through at a time."""
_CHANGED_TOGETHER = 500
"""Bodies changed in one transaction."""


def rewrite(marks: Sequence[str], change: Callable[[str, Body], Body | None], *, after: int = 0) -> int:
    """Give every event whose body contains one of the texts to `change`, with its kind; None leaves it as it is.

    Those beyond `after`, from the oldest on; nobody waits for what must be looked through. Safe to repeat.
    Returns how many were changed.
    """
    changed = 0
    for start in range(after, head(), _TOGETHER):
        # Looked for without a lock, which takes long; then read again with one.
        found = Event.objects.filter(_any("body", marks), position__gt=start, position__lte=start + _TOGETHER)
        positions = list(found.values_list("position", flat=True))
        for first in range(0, len(positions), _CHANGED_TOGETHER):
            with write():
                rows = Event.objects.filter(position__in=positions[first : first + _CHANGED_TOGETHER])
                for row in rows.only("position", "kind", "body"):
                    body = change(row.kind, orjson.loads(row.body))
                    if body is not None:
                        Event.objects.filter(pk=row.pk).update(body=orjson.dumps(body).decode())
                        changed += 1
    return changed


def rewrite_answers(marks: Sequence[str], change: Callable[[Any], Any]) -> None:
    """Change the answers that contain one of the texts, kept with keys of HTTP calls. Sealed ones cannot be read."""
    ends = ClaimedKey.objects.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or 0) + 1, _TOGETHER):
        found = ClaimedKey.objects.filter(_any("answer", marks), pk__gte=start, pk__lt=start + _TOGETHER)
        # An answer is filled in by the transaction that claims its key, and never changes.
        for pk, answer in found.values_list("pk", "answer"):
            made = orjson.dumps(change(orjson.loads(answer))).decode()
            with write():
                ClaimedKey.objects.filter(pk=pk).update(answer=made)


def _any(field: str, marks: Sequence[str]) -> Q:
    found = Q(pk__in=())
    for mark in marks:
        found |= Q(**{f"{field}__contains": mark})
    return found


def empty_own(person: int) -> None:
    """Empty the events that are addressed to nobody but this person, whom nobody will ask for any more."""
    own = EventPerson.objects.filter(person=person).values("position")
    shared = EventPerson.objects.filter(position__in=own).exclude(person=person).values("position")
    with write():
        Event.objects.filter(position__in=own).exclude(position__in=shared).update(body="{}")
