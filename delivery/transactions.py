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
