"""The transaction in which something is written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# SQLite has one writer. Threads that meet at its lock poll with growing sleeps; here they queue instead.
_sqlite_writer = threading.RLock()


@contextmanager
def write() -> Iterator[None]:
    """A transaction for writing. Locks are taken in the order users, channels, keys; `log.append` comes last."""
    if connection.vendor == "sqlite":
        with _sqlite_writer, transaction.atomic():
            yield
    else:
        with transaction.atomic():
            yield


def wait_for_locks(seconds: float) -> None:
    """Let the transaction that is open wait no longer than this for each lock. SQLite's writer has none to wait for."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"])
