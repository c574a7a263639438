"""What the log says of somebody, said otherwise: bodies are changed in place, positions and audiences are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.db.models import Q

from delivery.log import head
from delivery.models import Event, EventPerson
from delivery.transactions import write

Body = dict[str, Any]
_TOGETHER = 20_000
"""Positions that are looked through at a time."""


def rewrite(marks: Sequence[str], change: Callable[[str, Body], Body | None], *, after: int = 0) -> int:
    """Give every event whose body contains one of the texts to `change`, with its kind; None leaves it as it is.

    Those beyond `after`, in small transactions from the oldest on, so that nobody waits; safe to repeat.
    Returns how many were changed.
    """
    found = Q(pk__in=())
    for mark in marks:
        found |= Q(body__contains=mark)
    changed = 0
    for start in range(after, head(), _TOGETHER):
        with write():
            rows = Event.objects.filter(found, position__gt=start, position__lte=start + _TOGETHER)
            for row in rows.only("position", "kind", "body"):
                body = change(row.kind, orjson.loads(row.body))
                if body is not None:
                    Event.objects.filter(pk=row.pk).update(body=orjson.dumps(body).decode())
                    changed += 1
    return changed


def empty_own(person: int) -> None:
    """Empty the events that are addressed to nobody but this person, whom nobody will ask for any more."""
    own = EventPerson.objects.filter(person=person).values("position")
    shared = EventPerson.objects.filter(position__in=own).exclude(person=person).values("position")
    with write():
        Event.objects.filter(position__in=own).exclude(position__in=shared).update(body="{}")
