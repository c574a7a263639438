"""Bulk inserts without model instances, and several statements in one round trip.

The hot path writes four rows per message. With `bulk_create`, and statement by statement, that would be most of its CPU
(`python -m tests.load.commit_cpu`). Values are stored as given, so they must have the type of the column.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import AutoField, BooleanField, CharField, Field, ForeignKey, IntegerField, Model, TextField

T = TypeVar("T")

_ROWS_PER_STATEMENT = 1000


class Statement(NamedTuple):
    """SQL with a `%s` for each parameter. `returns`: True if it returns rows."""

    sql: str
    parameters: Sequence[Any]
    returns: bool = False


def execute_batch(statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """Execute the statements in order, on PostgreSQL in one round trip; return the rows of each.

    For use inside a transaction: outside, PostgreSQL would make one transaction of them all. Each statement sees what
    was committed before it began, and what it has waited for.
    """
    results: list[list[tuple[Any, ...]]] = []
    if not statements:
        return results
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in statements:
                cursor.execute(statement.sql, statement.parameters)
                results.append(cursor.fetchall() if statement.returns else [])
            return results
        # No pipeline, and no executemany, which psycopg turns into one: after a pipeline PostgreSQL does not apply
        # idle_in_transaction_session_timeout, so it would never end the transaction of a frozen node.
        cursor.execute(
            "; ".join(statement.sql for statement in statements),
            [parameter for statement in statements for parameter in statement.parameters],
        )
        for statement in statements:
            results.append(cursor.fetchall() if statement.returns else [])
            cursor.nextset()
    return results


def select_by_pairs(
    model: type[Model],
    fields: Sequence[str],
    pair: tuple[str, str],
    values: Collection[tuple[Any, Any]],
    suffix: str = "",
    parameters: Sequence[Any] = (),
) -> Statement:
    """Return a statement that reads the fields of the rows whose two `pair` fields have one of these pairs of values.

    At least one pair. `suffix` ends the SQL, with these parameters. Two `IN` conditions would look up all combinations
    of the values.
    """
    padded = pad(list(values))
    sql = f"SELECT {_columns(model, tuple(fields))} {_from_pairs(model, pair, len(padded))} {suffix}"
    return Statement(sql, [*chain.from_iterable(padded), *parameters], returns=True)


def delete_by_pairs(
    model: type[Model],
    pair: tuple[str, str],
    values: Collection[tuple[Any, Any]],
    suffix: str = "",
    parameters: Sequence[Any] = (),
) -> Statement:
    """Return a statement that deletes the rows that `select_by_pairs` reads."""
    padded = pad(list(values))
    sql = f"DELETE {_from_pairs(model, pair, len(padded))} {suffix}"
    return Statement(sql, [*chain.from_iterable(padded), *parameters])


def pad(values: list[T]) -> list[T]:
    """Repeat one of the values up to the next power of two, so that a few statements serve any number of values."""
    size = 1 << (len(values) - 1).bit_length()
    return values + values[:1] * (size - len(values))


@cache
def _from_pairs(model: type[Model], pair: tuple[str, str], size: int) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    return f"FROM {table} WHERE ({_columns(model, pair)}) IN (VALUES {', '.join(['(%s, %s)'] * size)})"


def insert_statement(
    model: type[Model],
    fields: Sequence[str],
    rows: Sequence[Sequence[Any]],
    suffix: str = "",
    *,
    returning: Sequence[str] = (),
) -> Statement:
    """Return a statement that inserts at least one row with values of these fields.

    It returns the fields in `returning` of each row, in any order. `suffix` ends the SQL, for example ON CONFLICT ….
    """
    placeholders = f"({', '.join(['%s'] * len(fields))})"
    sql = f"{_insert_into(model, tuple(fields))} VALUES {', '.join([placeholders] * len(rows))} {suffix}"
    if returning:
        sql += f" RETURNING {', '.join(_column(model, field) for field in returning)}"
    return Statement(sql, [value for row in rows for value in row], returns=bool(returning))


def insert_statements(
    model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = ""
) -> list[Statement]:
    """Return statements that insert any number of rows."""
    return [
        insert_statement(model, fields, rows[start : start + _ROWS_PER_STATEMENT], suffix)
        for start in range(0, len(rows), _ROWS_PER_STATEMENT)
    ]


def insert_rows(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = "") -> None:
    """Insert any number of rows."""
    for statement in insert_statements(model, fields, rows, suffix):
        execute_batch([statement])


def insert_instances(instances: Sequence[Model], *, returning: Sequence[str] = ()) -> Statement:
    """Return a statement that inserts at least one new instance of a model. See `insert_statement`.

    Automatic keys are left out. Signals are not sent, and `auto_now_add` fields must be set.
    """
    model = type(instances[0])
    # The proxy `django.db.connection` would look it up for each value.
    database = connections[DEFAULT_DB_ALIAS]
    fields = _stored_fields(model)
    rows = [
        [
            getattr(one, field.attname)
            if is_plain
            else field.get_db_prep_save(getattr(one, field.attname), connection=database)
            for field, is_plain in fields
        ]
        for one in instances
    ]
    return insert_statement(model, [field.name for field, _ in fields], rows, returning=returning)


@cache
def _stored_fields(model: type[Model]) -> list[tuple[Field[Any, Any], bool]]:
    """Return the fields that an insert sets, and whether their values are stored as they are."""
    plain = (CharField, TextField, IntegerField, BooleanField, ForeignKey)
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    return [(field, isinstance(field, plain)) for field in fields]


@cache
def _insert_into(model: type[Model], fields: tuple[str, ...]) -> str:
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({_columns(model, fields)})"


@cache
def _columns(model: type[Model], fields: tuple[str, ...]) -> str:
    return ", ".join(_column(model, field) for field in fields)


@cache
def _column(model: type[Model], field: str) -> str:
    return connection.ops.quote_name(field_attribute(model, field, "column"))


def field_attribute(model: type[Model], field: str, name: str) -> str:
    """Return a name of the field: its "column", or its "attname" on instances (that of the key for a relation)."""
    return str(getattr(model._meta.get_field(field), name))
