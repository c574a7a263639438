"""Inserting many rows at the cost of a statement, not of a model instance each.

The hot path writes four rows a message; through `bulk_create` that is three quarters of its CPU
(`python -m tests.load.commit_cost`). Values are stored as they are given, so they must be of the column's own type.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model

_TOGETHER = 1000
"""Rows in one statement."""


def insert(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = "") -> None:
    """Insert rows of these fields' values. `suffix` ends the statement (ON CONFLICT …)."""
    if not rows:
        return
    marks = f"({', '.join(['%s'] * len(fields))})"
    into = _into(model, tuple(fields))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(f"{into} VALUES {marks} {suffix}", rows)
            return
        # Not executemany: psycopg makes a pipeline of it, after which PostgreSQL does not begin to count the time for
        # which the transaction sits idle, and never ends that of a node that has frozen.
        for start in range(0, len(rows), _TOGETHER):
            some = rows[start : start + _TOGETHER]
            values = ", ".join([marks] * len(some))
            cursor.execute(f"{into} VALUES {values} {suffix}", [value for row in some for value in row])


def insert_returning(
    model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], returning: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Insert rows and return these fields of them, in no particular order."""
    marks = ", ".join(["%s"] * len(fields))
    values = ", ".join([f"({marks})"] * len(rows))
    columns = ", ".join(_column(model, field) for field in returning)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_into(model, tuple(fields))} VALUES {values} RETURNING {columns}",
            [value for row in rows for value in row],
        )
        made: list[tuple[Any, ...]] = cursor.fetchall()
    return made


@cache
def _into(model: type[Model], fields: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, field) for field in fields)
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns})"


def _column(model: type[Model], field: str) -> str:
    return connection.ops.quote_name(attribute(model, field, "column"))


def attribute(model: type[Model], field: str, name: str) -> str:
    """What the field is called in the table ("column") or on an instance ("attname", the key of a relation)."""
    return str(getattr(model._meta.get_field(field), name))
