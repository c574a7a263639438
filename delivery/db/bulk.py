"""Rows written at the cost of a statement, not of a model instance each, and statements at the cost of a round trip.

The hot path writes four rows a message. Through `bulk_create`, and one statement after the other, that is most of its
CPU (`python -m tests.load.commit_cost`). Values are stored as they are given, so they must be of the column's own type.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

_TOGETHER = 1000
"""Rows in one statement."""


class Statement(NamedTuple):
    """SQL with a `%s` for each of the parameters. `returns`: whether it gives rows."""

    sql: str
    parameters: Sequence[Any]
    returns: bool = False


def execute_batch(statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """Execute the statements in order, in one round trip on PostgreSQL; the rows that each returns.

    In a transaction only: alone, PostgreSQL would make one of them all. Each still sees what was committed before it
    began, also what it has waited for.
    """
    answers: list[list[tuple[Any, ...]]] = []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in statements:
                cursor.execute(statement.sql, statement.parameters)
                answers.append(cursor.fetchall() if statement.returns else [])
            return answers
        # Not a pipeline, and not executemany, of which psycopg makes one: after it PostgreSQL does not begin to count
        # the time for which the transaction sits idle, and never ends that of a node that has frozen.
        cursor.execute(
            "; ".join(statement.sql for statement in statements),
            [parameter for statement in statements for parameter in statement.parameters],
        )
        for statement in statements:
            answers.append(cursor.fetchall() if statement.returns else [])
            cursor.nextset()
    return answers


def insertion(
    model: type[Model],
    fields: Sequence[str],
    rows: Sequence[Sequence[Any]],
    suffix: str = "",
    *,
    returning: Sequence[str] = (),
) -> Statement:
    """The statement that inserts rows, at least one, of these fields' values, and returns fields of them, in no order.

    `suffix` ends what is inserted (ON CONFLICT …).
    """
    marks = f"({', '.join(['%s'] * len(fields))})"
    sql = f"{_into(model, tuple(fields))} VALUES {', '.join([marks] * len(rows))} {suffix}"
    if returning:
        sql += f" RETURNING {', '.join(_column(model, field) for field in returning)}"
    return Statement(sql, [value for row in rows for value in row], returns=bool(returning))


def insertions(
    model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = ""
) -> list[Statement]:
    """The statements that insert any number of rows."""
    return [
        insertion(model, fields, rows[start : start + _TOGETHER], suffix) for start in range(0, len(rows), _TOGETHER)
    ]


def insert(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = "") -> None:
    """Insert any number of rows, now."""
    for statement in insertions(model, fields, rows, suffix):
        execute_batch([statement])


@cache
def _into(model: type[Model], fields: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, field) for field in fields)
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns})"


@cache
def _column(model: type[Model], field: str) -> str:
    return connection.ops.quote_name(attribute(model, field, "column"))


def attribute(model: type[Model], field: str, name: str) -> str:
    """What the field is called in the table ("column") or on an instance ("attname", the key of a relation)."""
    return str(getattr(model._meta.get_field(field), name))
