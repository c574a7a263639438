"""Changes of large tables that must not keep writes waiting: each gives up quickly and is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import OperationalError, transaction

from delivery.db.partitioning.catalog import LargeTable, execute, quote, referenced_by, references_to, rows

LOCK_TIMEOUT_MILLISECONDS = 300
_CONVERSION_KEY = 7_251_940_613
"""Key of the advisory lock that a running conversion holds."""
_RETRY_SECONDS = 1.0
"""Pause in which the writes that waited behind the lock go on."""
RETRIES = 600


class LockUnavailableError(Exception):
    """Other transactions held the tables at every attempt."""


def begin_conversion() -> bool:
    """Hold the lock of conversions until this session ends. Return False if another session has it."""
    return bool(rows("SELECT pg_try_advisory_lock(%s)", (_CONVERSION_KEY,))[0][0])


def no_conversion_runs() -> bool:
    """Return whether no session converts, and keep any from beginning until the end of this transaction."""
    return bool(rows("SELECT pg_try_advisory_xact_lock(%s)", (_CONVERSION_KEY,))[0][0])


def run(change: Callable[[], None], retries: int = RETRIES) -> None:
    """Run `change` in a transaction that waits for locks only briefly. Raise LockUnavailableError in the end."""
    for attempt in range(retries + 1):
        if attempt:
            time.sleep(_RETRY_SECONDS)
        try:
            with transaction.atomic():
                execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
                execute(f"SET LOCAL statement_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
                change()
        except OperationalError as error:
            # lock_not_available, query_canceled, deadlock_detected.
            if getattr(error.__cause__, "sqlstate", "") not in {"55P03", "57014", "40P01"}:
                raise
        else:
            return
    raise LockUnavailableError("Long transactions or a vacuum keep the tables locked. Run the command again later.")


def lock(table: LargeTable) -> None:
    """Lock the table and all tables at the other end of its foreign keys, within the time-out of one statement.

    A weaker lock that PostgreSQL raises afterwards could end in a deadlock with a send, which then would be refused.
    """
    others = {owner for owner, *_ in references_to(table.name)} | set(referenced_by(table.name))
    execute(f"LOCK TABLE {', '.join(map(quote, [table.name, *sorted(others)]))} IN ACCESS EXCLUSIVE MODE")
