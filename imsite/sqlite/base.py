"""SQLite backend that keeps the statements of the hot path: as text in SQLite's manner, and prepared."""

from __future__ import annotations

from functools import lru_cache
from sqlite3 import Cursor
from typing import Any

from django.db.backends.sqlite3 import base

_KEPT_TEXTS = 512


class _Cursor(base.SQLiteCursorWrapper):
    """Django's cursor. It replaces `%s` by `?` once for each text, which takes longer than an insert of the rows."""

    def execute(self, query: str, params: Any = None) -> Any:
        if not isinstance(params, list | tuple):
            return super().execute(query, params)
        return Cursor.execute(self, _with_question_marks(query), params)


@lru_cache(maxsize=_KEPT_TEXTS)
def _with_question_marks(query: str) -> str:
    return str(base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%"))


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper with this cursor, and room for more prepared statements in each connection."""

    def get_connection_params(self) -> dict[str, Any]:
        return {"cached_statements": 256, **super().get_connection_params()}

    def create_cursor(self, name: Any = None) -> Any:
        return self.connection.cursor(factory=_Cursor)
