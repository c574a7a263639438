"""Skips positions that a restored or replaced database may have lost, so that none of them is assigned again.

Clients may hold such a position. Without the skip, the log would reach it again with other events, and a client that
comes back later would never be sent those up to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from delivery import log
from delivery.db.bulk import execute_batch
from delivery.models import LostRange

SKIPPED_POSITIONS = 1_000_000_000
"""Positions that one skip leaves out: more than a site assigns between two backups.

JavaScript's integers allow nine million skips.
"""


class Lost(NamedTuple):
    """A range of positions that were skipped, both ends included."""

    first: int
    last: int


def skip_lost_positions() -> Lost:
    """Leave out all positions that may have been assigned after the log's present head, and return their range."""
    with transaction.atomic():
        (((head,),),) = execute_batch([log.reserve_positions(SKIPPED_POSITIONS)])
        lost = Lost(head - SKIPPED_POSITIONS + 1, head - 1)
        LostRange.objects.create(first=lost.first, last=lost.last)
    return lost


def read_lost_ranges() -> list[Lost]:
    """Return all ranges that were skipped."""
    return [Lost(*row) for row in LostRange.objects.values_list("first", "last")]


def last_kept_position(position: int, ranges: Sequence[Lost]) -> int:
    """Return the position; if it was lost, the last one before it that the database has kept."""
    return next((lost.first - 1 for lost in ranges if lost.first <= position <= lost.last), position)
