"""Checks before start: the database is reachable, configured and migrated."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

_REQUIRED_TIMEOUTS = {"lock_timeout": "4s", "idle_in_transaction_session_timeout": "2s"}
"""Server settings of every PostgreSQL connection (see `imsite.database`), with the value that a role should have."""
_POOLER_UNKNOWN = (
    "DATABASE_URL leads to a connection pooler, such as PgBouncer. Set IM_PGBOUNCER=True (deploy/README.md, PostgreSQL "
    "as a service), or point DATABASE_URL at PostgreSQL itself."
)
_OPTIONS_REFUSED = (
    "The pooler does not pass on the options in DATABASE_URL. Remove them there, and give them to the role: "
    "ALTER ROLE ... SET ... = ...;"
)
_CERTIFICATE_REFUSED = (
    "The certificate of PostgreSQL is not trusted. Set sslrootcert in DATABASE_URL to the file of its CA, and use a "
    "host name that is in the certificate."
)


def require_database() -> None:
    """Raise CommandError if PostgreSQL refuses the connection, or a connection pooler is not set up for the site.

    The required time-outs end transactions of a frozen node.
    """
    if connection.vendor != "postgresql":
        return
    # Without the pool, which would retry for seconds and hide the reason.
    direct = connection.copy()
    direct.settings_dict["OPTIONS"]["pool"] = False
    try:
        with direct.cursor() as cursor:
            names = list(_REQUIRED_TIMEOUTS)
            cursor.execute(f"SELECT {', '.join(['current_setting(%s)'] * len(names))}", names)
            missing = [name for name, value in zip(names, cursor.fetchone(), strict=True) if value == "0"]
            cursor.execute("SELECT pg_backend_pid()")
            # A pooler gives its clients numbers of its own.
            is_pooled = cursor.fetchone() != (direct.connection.info.backend_pid,)
    except DatabaseError as error:
        reason = str(error).strip()
        if "startup parameter" in reason:
            reason += f"\n{_OPTIONS_REFUSED if settings.IM_PGBOUNCER else _POOLER_UNKNOWN}"
        if "certificate verify failed" in reason or "does not match host name" in reason:
            reason += f"\n{_CERTIFICATE_REFUSED}"
        raise CommandError(f"The database in DATABASE_URL cannot be used: {reason}") from error
    finally:
        direct.close()
    if is_pooled and not settings.IM_PGBOUNCER:
        raise CommandError(_POOLER_UNKNOWN)
    if missing:
        commands = " ".join(
            f"ALTER ROLE {direct.settings_dict['USER']} SET {name} = '{_REQUIRED_TIMEOUTS[name]}';" for name in missing
        )
        raise CommandError(
            f"Database connections lack {' and '.join(missing)}, which end the transactions of a frozen node. "
            f"Behind a pooler (IM_PGBOUNCER) the role must have them. Run in PostgreSQL: {commands} Then restart the "
            "pooler, or let it reconnect."
        )


def pending_migration_count() -> int:
    """Return the number of migrations to apply. Costs a hundredth of a `migrate` if there are none.

    Migrations of a newer version do not count, because both versions run while nodes are upgraded one by one.
    """
    if _migration_files() <= MigrationRecorder(connection).applied_migrations().keys():
        return 0
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migration_files() -> set[tuple[str, str]]:
    """Return app label and name of every migration, without importing it."""
    found = set()
    for app in apps.get_app_configs():
        name, _ = MigrationLoader.migrations_module(app.label)
        try:
            package = import_module(name) if name else None
        except ModuleNotFoundError:
            continue
        if package is not None:
            found |= {(app.label, module.name) for module in iter_modules(package.__path__)}
    return found


def require_migrated() -> None:
    """Raise CommandError if migrations are missing. Without its tables, the site would start and fail every request."""
    require_database()
    try:
        pending = pending_migration_count()
    except DatabaseError as error:
        raise CommandError(f"The database cannot be read: {error}") from error
    finally:
        connection.close()
    if pending:
        raise CommandError(
            f"The database is not ready: {pending} pending migrations. Run `python manage.py setup` first."
        )
