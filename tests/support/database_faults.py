"""Real database faults: tables that refuse writes or are missing, and connections that are cut."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS


def _execute(site: Site, *statements: str) -> None:
    """Execute the statements in a transaction, on a connection of the test's own."""
    if site.database_url:
        import psycopg

        with psycopg.connect(site.database_url, autocommit=True) as server:
            for statement in statements:
                server.execute(statement.encode())
        return
    with contextlib.closing(sqlite3.connect(site.data / "imsite.sqlite3", timeout=TIMEOUT_SECONDS)) as file, file:
        for statement in statements:
            file.execute(statement)


@contextlib.contextmanager
def failing_writes(site: Site, what: str, table: str) -> Iterator[None]:
    """Make `what` (INSERT, UPDATE or DELETE) fail on the table during the block."""
    if site.database_url:
        _execute(
            site,
            "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$",
            f"CREATE TRIGGER broken BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION broken()",
        )
    else:
        _execute(site, f"CREATE TRIGGER broken BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END")
    try:
        yield
    finally:
        _execute(site, f"DROP TRIGGER broken ON {table}" if site.database_url else "DROP TRIGGER broken")


@contextlib.contextmanager
def missing_table(site: Site, table: str) -> Iterator[None]:
    """Rename the table during the block, so that the site does not find it."""
    _execute(site, f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        _execute(site, f"ALTER TABLE {table}_away RENAME TO {table}")
