"""Whether the database is as this version of the site needs it."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def migrations_waiting() -> int:
    """How many migrations are to be applied. Looking costs a tenth of what `migrate` does when there is nothing to do.

    What a newer version has applied besides does not count: while nodes are upgraded one by one, both run.
    """
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def require_migrated() -> None:
    """Raise CommandError, which says what to do: without its tables a site would start, and fail at everything."""
    try:
        waiting = migrations_waiting()
    except DatabaseError as error:
        raise CommandError(f"The database cannot be read: {error}") from error
    finally:
        connection.close()
    if waiting:
        raise CommandError(
            f"The database is not ready ({waiting} migrations to go). Run `python manage.py setup` first."
        )
