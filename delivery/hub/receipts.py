"""Delivery receipts: how many connections received an event whose header has `receipt`.

Each node's hub counts an event when it delivers it, and when a client fetches it by `sync`. An event that reaches a
user in another way is counted once (`count_reached`). Counts are collected and added to the table in batches.

`receipt` lists the users who requested the count, the sender for example; their own connections do not count. Private
channels and events to users have a count for each user, other channels one count for all users (ALL_USERS). An event
that was pushed and then lost on its way to the client counts too; only the read position shows that the user has
seen it.
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
from delivery.log import Entry, first_position_since, now_ms
from delivery.log_throttle import log_recovery
from delivery.models import Event, Receipt

if TYPE_CHECKING:
    from delivery.hub.connection import Connection

logger = logging.getLogger(__name__)

RECEIPT = "receipt"
ALL_USERS = 0
"""User id of the count for all users together."""
FLUSH_INTERVAL_SECONDS = 0.5
ROWS_PER_BATCH = 5000
MAX_WAITING_ROWS = 200_000
"""Rows kept while the database is unreachable; further receipts are not counted."""

ReceiptKey = tuple[int, int]
"""Position of an event and a user's id, or ALL_USERS."""


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """The number of connections of a user (ALL_USERS: of all) that got an event, the first at `first_at` (Unix ms)."""

    user_id: int
    connections: int
    first_at: int


class ReceiptCounter:
    """Counts deliveries by this process and adds them to the database. On the event loop only."""

    def __init__(self) -> None:
        self._counts: dict[ReceiptKey, tuple[int, int]] = {}
        self._has_counts = asyncio.Event()

    def count(self, entry: Entry, connections: Iterable[Connection]) -> None:
        """Count that these connections received the event, for each user or for ALL_USERS together.

        Does nothing unless the event has `receipt` in its header. Connections of the users in `receipt` are left out.
        """
        requested_by = entry.header[RECEIPT]
        by_user = entry.channel is None or "route" in entry.header
        now = now_ms()
        for connection in connections:
            user_id = connection.user_id
            if user_id is not None and user_id not in requested_by:
                self._add((entry.position, user_id if by_user else ALL_USERS), 1, now)

    def count_reached(self, positions: Iterable[int], user_id: int) -> None:
        """Count one delivery to the user for each position.

        Pass only positions that `uncounted_positions` has returned.
        """
        now = now_ms()
        for position in positions:
            if (position, user_id) not in self._counts:
                self._add((position, user_id), 1, now)

    def _add(self, key: ReceiptKey, count: int, at: int) -> None:
        known = self._counts.get(key)
        if known is None and len(self._counts) >= MAX_WAITING_ROWS:
            return
        self._counts[key] = (count, at) if known is None else (known[0] + count, min(known[1], at))
        self._has_counts.set()

    async def run(self) -> None:
        """Write the counts to the database periodically."""
        while True:
            await self._has_counts.wait()
            await asyncio.sleep(FLUSH_INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write all counts. After a database error, which is logged, those not written are kept for the next call."""
        self._has_counts.clear()
        while self._counts:
            # Only those that have waited longest: to sort everything after an outage would take the loop seconds.
            batch = dict(sorted(islice(self._counts.items(), ROWS_PER_BATCH)))
            for key in batch:
                del self._counts[key]
            try:
                await run(_add_rows, [(*key, *counted) for key, counted in batch.items()])
            except (DatabaseError, InterfaceError) as error:
                logger.warning("receipt_write_failed", extra={"count": len(batch), "error": type(error).__name__})
                for key, (count, at) in batch.items():
                    self._add(key, count, at)
                return
            log_recovery(logger, "receipt_write_failed")


def _add_rows(rows: Sequence[tuple[int, int, int, int]]) -> None:
    # Sorted, so that two nodes which add to the same rows do not deadlock.
    with write():
        insert_rows(
            Receipt,
            ("position", "user_id", "connections", "first_at"),
            rows,
            "ON CONFLICT (position, user_id)"
            f" DO UPDATE SET connections = {Receipt._meta.db_table}.connections + excluded.connections",
        )


def delivery_counts(position: int) -> list[DeliveryCount]:
    """Return the counts of the event at this position, by time."""
    rows = Receipt.objects.filter(position=position).order_by("first_at", "user_id")
    return [DeliveryCount(*row) for row in rows.values_list("user_id", "connections", "first_at")]


def receipt_requested_by(position: int) -> tuple[int, ...]:
    """Return the ids of the users who requested the event's receipts; empty if its deliveries are not counted."""
    header = Event.objects.filter(position=position).values_list("header", flat=True).first()
    return tuple(orjson.loads(header).get(RECEIPT, ())) if header else ()


def uncounted_positions(positions: Sequence[int], user_id: int) -> list[int]:
    """Return those positions of events with receipts for which no delivery to the user is counted yet."""
    counted = Receipt.objects.filter(user_id=user_id, position__in=positions)
    with_receipt = Event.objects.filter(position__in=positions, header__contains=f'"{RECEIPT}"')
    found = with_receipt.exclude(position__in=counted.values("position")).values_list("position", "header")
    return [position for position, header in found if user_id not in orjson.loads(header)[RECEIPT]]


def delete_old_receipts() -> int:
    """Delete the counts of deliveries more than IM_RECEIPT_DAYS ago; return how many."""
    before = now_ms() - settings.IM_RECEIPT_DAYS * 86_400_000
    # No event is delivered before its time, so the table need not be read beyond this position.
    return Receipt.objects.filter(position__lt=first_position_since(before), first_at__lt=before).delete()[0]
