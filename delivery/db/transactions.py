"""Transactions for writing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# SQLite has one writer. Threads would poll for its lock with growing sleeps; here they queue.
_sqlite_writer = threading.RLock()


@contextmanager
def write() -> Iterator[None]:
    """Open a transaction for writing. Lock users, channels, apps and keys in this order; call `log.append` last."""
    if connection.vendor == "sqlite":
        with _sqlite_writer, transaction.atomic():
            yield
    else:
        with transaction.atomic():
            yield


def set_lock_timeout(seconds: float) -> None:
    """Let the open transaction wait at most this long for each lock. SQLite has no locks inside its one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"])
