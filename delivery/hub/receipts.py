"""Who got what asked to know: an entry whose header has `receipt` is counted by each node's hub when it delivers it,
and by `sync` when a client fetches it; what reaches a person for the first time in another way (`reached`) once. Counts
are gathered and added to the table in batches.

`receipt` lists the persons who ask; their own connections do not count. For a channel of two people, and for what is
addressed to persons, each person is counted; for other channels the sum. An entry that was pushed and then lost on its
way to the client counts as well: what the client did with it is told by its read position.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import orjson
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from delivery.db.bulk import insert_rows
from delivery.db.executors import run
from delivery.db.transactions import write
from delivery.log import Entry, now_ms
from delivery.models import Event, Receipt

if TYPE_CHECKING:
    from delivery.hub.connection import Connection

logger = logging.getLogger(__name__)

RECEIPT = "receipt"
EVERYBODY = 0
"""Stands for the person where persons are not told apart."""
PACE = 0.5
"""Seconds between two batches."""
TOGETHER = 5000
"""Rows of one batch."""
MOST = 200_000
"""Rows that wait while the database cannot be reached; what comes on top is not counted."""

Place = tuple[int, int]
"""A position and a person, or EVERYBODY."""


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """On how many connections of a person (EVERYBODY: of all) it arrived, on the first of them `at` (Unix ms)."""

    person: int
    connections: int
    at: int


class Receipts:
    """What this process has delivered and not yet written down. On the event loop only."""

    def __init__(self) -> None:
        self._counts: dict[Place, tuple[int, int]] = {}
        self._arrived = asyncio.Event()

    def count(self, entry: Entry, connections: Iterable[Connection]) -> None:
        """The entry, whose header asks for it, has been passed to these connections."""
        asking = entry.header[RECEIPT]
        apart = entry.channel is None or "route" in entry.header
        now = now_ms()
        for connection in connections:
            person = connection.person
            if person is not None and person not in asking:
                self._add((entry.position, person if apart else EVERYBODY), 1, now)

    def reached(self, positions: Iterable[int], person: int) -> None:
        """A connection of the person has fetched the entries at these positions, which are `uncounted`."""
        now = now_ms()
        for position in positions:
            if (position, person) not in self._counts:
                self._add((position, person), 1, now)

    def _add(self, place: Place, count: int, at: int) -> None:
        known = self._counts.get(place)
        if known is None and len(self._counts) >= MOST:
            return
        self._counts[place] = (count, at) if known is None else (known[0] + count, min(known[1], at))
        self._arrived.set()

    async def run(self) -> None:
        """Write down what was counted, again and again."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(PACE)
            await self.flush()

    async def flush(self) -> None:
        """Write down what was counted so far; if that fails, it waits for the next time."""
        self._arrived.clear()
        while self._counts:
            # Those that have waited longest. To sort all that an outage leaves would take the event loop seconds.
            batch = dict(sorted(islice(self._counts.items(), TOGETHER)))
            for place in batch:
                del self._counts[place]
            try:
                await run(_add_rows, [(*place, *counted) for place, counted in batch.items()])
            except (DatabaseError, InterfaceError) as error:
                logger.warning("receipt_write_failed", extra={"count": len(batch), "error": type(error).__name__})
                for place, (count, at) in batch.items():
                    self._add(place, count, at)
                return


def _add_rows(rows: Sequence[tuple[int, int, int, int]]) -> None:
    # Sorted, so that two nodes which add to the same rows do not wait for each other in a ring.
    with write():
        insert_rows(
            Receipt,
            ("position", "user_id", "connections", "first_at"),
            rows,
            "ON CONFLICT (position, user_id)"
            f" DO UPDATE SET connections = {Receipt._meta.db_table}.connections + excluded.connections",
        )


def tallies(position: int) -> list[DeliveryCount]:
    """What has been counted of the entry at this position, by time."""
    rows = Receipt.objects.filter(position=position).order_by("first_at", "user_id")
    return [DeliveryCount(*row) for row in rows.values_list("user_id", "connections", "first_at")]


def asked_for_by(position: int) -> tuple[int, ...]:
    """Who wants to know who got the entry at this position; nobody if it is not counted."""
    header = Event.objects.filter(position=position).values_list("header", flat=True).first()
    return tuple(orjson.loads(header).get(RECEIPT, ())) if header else ()


def uncounted(positions: Sequence[int], person: int) -> list[int]:
    """The positions of those entries that ask who got them and are not known to have reached this person."""
    had = Receipt.objects.filter(user_id=person, position__in=positions)
    asking = Event.objects.filter(position__in=positions, header__contains=f'"{RECEIPT}"')
    found = asking.exclude(position__in=had.values("position")).values_list("position", "header")
    return [position for position, header in found if person not in orjson.loads(header)[RECEIPT]]


def forget_old() -> int:
    """Delete the counts of what was delivered more than IM_RECEIPT_DAYS ago; returns how many."""
    return Receipt.objects.filter(first_at__lt=now_ms() - settings.IM_RECEIPT_DAYS * 86_400_000).delete()[0]
