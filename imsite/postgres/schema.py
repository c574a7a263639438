"""Schema editor of PostgreSQL that lets a migration compute between its statements."""

from __future__ import annotations

from typing import Self

from django.db.backends.postgresql import schema


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Django's editor, without the idle-in-transaction time-out, which is for running nodes.

    The time-out is lifted for the transaction only: behind PgBouncer, the session belongs to others afterwards.
    """

    def __enter__(self) -> Self:
        entered = super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            with self.connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        return entered
