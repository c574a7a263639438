"""Counts the statements that a test's code executes, in all threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper


class Queries:
    """The statements that all threads have executed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seen: list[str] = []
        execute = CursorWrapper.execute

        def recorded(cursor: CursorWrapper, sql: Any, params: Any = None) -> Any:
            self._seen.append(str(sql))
            return execute(cursor, sql, params)

        monkeypatch.setattr(CursorWrapper, "execute", recorded)

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """Collect the statements that are executed in the block."""
        before = len(self._seen)
        found: list[str] = []
        yield found
        found += self._seen[before:]
