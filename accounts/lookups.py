"""`begins`: text that begins with a given one, found by an index on both databases."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Lookup
from django.db.models.lookups import StartsWith

_LAST = "\U0010ffff"
"""Sorts after every character that a name may have."""


@CharField.register_lookup
class Begins(Lookup):
    """On PostgreSQL LIKE, which has indexes of its own. SQLite uses none for Django's LIKE, but for a range."""

    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = StartsWith(self.lhs, self.rhs).as_sql(compiler, connection)
        return sql, params

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} >= %s AND {column} < %s", [*params, self.rhs, *params, f"{self.rhs}{_LAST}"]
