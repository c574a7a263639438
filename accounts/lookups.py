"""The `indexed_startswith` lookup: a prefix match that uses an index on PostgreSQL and on SQLite."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Lookup
from django.db.models.lookups import StartsWith

_LAST_CHARACTER = "\U0010ffff"
"""Sorts after every character that a name may contain."""


@CharField.register_lookup
class IndexedStartsWith(Lookup):
    """Matches values that start with a text. Uses LIKE on PostgreSQL, and a range on SQLite, whose LIKE scans."""

    lookup_name = "indexed_startswith"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = StartsWith(self.lhs, self.rhs).as_sql(compiler, connection)
        return sql, params

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} >= %s AND {column} < %s", [*params, self.rhs, *params, f"{self.rhs}{_LAST_CHARACTER}"]
