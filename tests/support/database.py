"""Empties the test database between tests quickly, and closes connections that a test's threads have left open.

Django's own way truncates every table and creates all permissions again: a tenth of a second after every test.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Barrier
from typing import Any
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from delivery.db import executors
from tests.support.waiting import TIMEOUT_SECONDS

# Tables that migrations fill and tests do not change.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}
_opened: WeakSet[BaseDatabaseWrapper] = WeakSet()


def install() -> None:
    """Empty the database in this way after every test of the process that uses real transactions."""
    connection_created.connect(_remember)
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


@contextmanager
def shared_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep the rows that the block creates until it ends, for tests without real transactions.

    The transaction of each test is a part of this one, so rows that take long to create are created once for a module.
    """
    with blocker.unblock(), transaction.atomic():
        disable_idle_timeout()
        yield
        transaction.set_rollback(True)


def disable_idle_timeout() -> None:
    """Let the transaction of this process stay idle for any time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _remember(connection: BaseDatabaseWrapper, **_: Any) -> None:
    _opened.add(connection)


def _empty(case: TransactionTestCase) -> None:
    if connection.vendor == "sqlite":
        # On PostgreSQL a thread returns its connection to the pool by itself, after its last statement.
        close_other_threads_connections()
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            # Without foreign keys' triggers the order does not matter, and an empty table costs next to nothing.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(_deletions())
        return
    connection.ensure_connection()
    with connection.constraint_checks_disabled():
        connection.connection.executescript(f"BEGIN IMMEDIATE; {_deletions()}; COMMIT")


@cache
def _deletions() -> str:
    """Return the statements that empty all tables. Their names are the same after each test of a process."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - _KEPT
    return "; ".join(f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted(tables))


def close_other_threads_connections() -> None:
    """Close the SQLite connections that threads of the executors keep, before the next test forbids database access."""
    for pool in (executors.executor, executors.priority_executor, executors.background_executor):
        if pool.cache_info().currsize:
            _wait_until_idle(pool())
    for other in list(_opened):
        if other is not connections[DEFAULT_DB_ALIAS]:
            other.inc_thread_sharing()
            try:
                other.close()
            finally:
                other.dec_thread_sharing()


def _wait_until_idle(pool: ThreadPoolExecutor) -> None:
    """Wait until no thread of the pool is busy.

    A stopped node cannot cancel running database work, and SQLite crashes if a connection is closed during a statement.
    """
    everybody = Barrier(pool._max_workers)
    for thread in [pool.submit(everybody.wait, TIMEOUT_SECONDS) for _ in range(pool._max_workers)]:
        thread.result()
