"""Whether the database is as this version of the site needs it."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

_GUARDS = ("lock_timeout", "idle_in_transaction_session_timeout")
"""What every connection to PostgreSQL is opened with (`imsite.database`)."""


def require_database() -> None:
    """Raise CommandError with the reason, where PostgreSQL does not let the site in, or a pooler keeps from it what
    ends the transactions of a frozen node.
    """
    if connection.vendor != "postgresql":
        return
    # Without the pool, which would try for seconds and then only say that it had no connection.
    alone = connection.copy()
    alone.settings_dict["OPTIONS"]["pool"] = False
    try:
        with alone.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(['current_setting(%s)'] * len(_GUARDS))}", _GUARDS)
            missing = [name for name, value in zip(_GUARDS, cursor.fetchone(), strict=True) if value == "0"]
    except DatabaseError as error:
        reason = str(error).strip()
        if "startup parameter" in reason:
            reason += "\nIs that a pooler? The site has a pool of its own; let DATABASE_URL name PostgreSQL itself."
        raise CommandError(f"The database that DATABASE_URL names cannot be used: {reason}") from error
    finally:
        alone.close()
    if missing:
        raise CommandError(
            f"Connections to the database are without {' and '.join(missing)}, which the site sets when it connects. "
            "A pooler takes them away: let DATABASE_URL name PostgreSQL itself, or see deploy/README.md."
        )


def migrations_waiting() -> int:
    """How many migrations are to be applied. Looking costs a tenth of what `migrate` does when there is nothing to do.

    What a newer version has applied besides does not count: while nodes are upgraded one by one, both run.
    """
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def require_migrated() -> None:
    """Raise CommandError, which says what to do: without its tables a site would start, and fail at everything."""
    require_database()
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
