"""Bulk inserts without model instances, and several statements in one round trip.

The hot path writes four rows per message. With `bulk_create`, and statement by statement, that would be most of its CPU
(`python -m tests.load.commit_cpu`). Values are stored as given, so they must have the type of the column.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import AutoField, BooleanField, CharField, Field, ForeignKey, IntegerField, Model, TextField

T = TypeVar("T")

_ROWS_PER_STATEMENT = 1000
_SQLITE_ROWS = 128
"""The most rows of a statement on SQLite, a power of two."""
_KEPT_STATEMENTS = 256


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


def insert_statements(
    model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = ""
) -> list[Statement]:
    """Return statements that insert any number of rows with values of these fields.

    `suffix` ends the SQL, for example ON CONFLICT ….
    """
    names = tuple(fields)
    return [
        Statement(_insert_sql(model, names, len(part), suffix), list(chain.from_iterable(part))) for part in parts(rows)
    ]


def insert_numbered(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Statement]:
    """Return the statements that insert at least one row, at most 1,000, with an automatic id.

    Execute them together in a transaction. The last one returns the ids: see `inserted_ids`.
    """
    if len(rows) > 1 and connection.vendor == "sqlite":
        return [*insert_statements(model, fields, rows), Statement("SELECT last_insert_rowid()", (), returns=True)]
    sql = _insert_sql(model, tuple(fields), len(rows), "RETURNING id")
    return [Statement(sql, list(chain.from_iterable(rows)), returns=True)]


def inserted_ids(rows: Sequence[Sequence[int]], count: int) -> Sequence[int]:
    """Return the ids of `count` inserted rows, in their order, from the rows of the last of `insert_numbered`."""
    if len(rows) == count:
        return [pk for (pk,) in rows]
    # SQLite has one writer, so a transaction's ids are consecutive.
    ((last,),) = rows
    return range(last - count + 1, last + 1)


def update_statements(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Statement]:
    """Return statements that update any number of rows by their ids. Each of `rows` has the new values, then the id."""
    names = tuple(fields)
    return [Statement(_update_sql(model, names, len(part)), list(chain.from_iterable(part))) for part in parts(rows)]


def parts(rows: Sequence[T]) -> list[Sequence[T]]:
    """Divide the rows among statements.

    SQLite prepares a statement once for each number of rows, and spends more on that than on the rows themselves. So
    there the numbers are powers of two. One row at a time would cost as little, but let another thread interrupt the
    transaction at each.
    """
    if len(rows) <= 1:
        return [rows] if rows else []
    is_sqlite = connection.vendor == "sqlite"
    found, start = [], 0
    while left := len(rows) - start:
        size = min(1 << (left.bit_length() - 1), _SQLITE_ROWS) if is_sqlite else min(left, _ROWS_PER_STATEMENT)
        found.append(rows[start : start + size])
        start += size
    return found


def insert_rows(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = "") -> None:
    """Insert any number of rows."""
    for statement in insert_statements(model, fields, rows, suffix):
        execute_batch([statement])


def insert_instances(instances: Sequence[Model]) -> list[Statement]:
    """Return statements that insert new instances of a model. See `insert_statements`.

    Automatic keys are left out. Signals are not sent, and `auto_now_add` fields must be set.
    """
    return insert_statements(type(instances[0]), *_fields_and_rows(instances))


def insert_numbered_instances(instances: Sequence[Model]) -> list[Statement]:
    """Return the statements that insert the instances and return their ids. See `insert_numbered`."""
    return insert_numbered(type(instances[0]), *_fields_and_rows(instances))


def _fields_and_rows(instances: Sequence[Model]) -> tuple[list[str], list[list[Any]]]:
    # The proxy `django.db.connection` would look it up for each value.
    database = connections[DEFAULT_DB_ALIAS]
    fields = _stored_fields(type(instances[0]))
    rows = [
        [
            getattr(one, field.attname)
            if is_plain
            else field.get_db_prep_save(getattr(one, field.attname), connection=database)
            for field, is_plain in fields
        ]
        for one in instances
    ]
    return [field.name for field, _ in fields], rows


@cache
def _stored_fields(model: type[Model]) -> list[tuple[Field[Any, Any], bool]]:
    """Return the fields that an insert sets, and whether their values are stored as they are."""
    plain = (CharField, TextField, IntegerField, BooleanField, ForeignKey)
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    return [(field, isinstance(field, plain)) for field in fields]


@lru_cache(maxsize=_KEPT_STATEMENTS)
def _insert_sql(model: type[Model], fields: tuple[str, ...], count: int, suffix: str) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    return f"INSERT INTO {table} ({_columns(model, fields)}) VALUES {placeholders(len(fields), count)} {suffix}"


@lru_cache(maxsize=_KEPT_STATEMENTS)
def _update_sql(model: type[Model], fields: tuple[str, ...], count: int) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    changes = ", ".join(f"{_column(model, field)} = given.column{number}" for number, field in enumerate(fields, 1))
    width = len(fields) + 1
    return (
        f"UPDATE {table} SET {changes} FROM (VALUES {placeholders(width, count)}) AS given"
        f" WHERE id = given.column{width}"
    )


def placeholders(columns: int, count: int) -> str:
    """Return the SQL of the values of `count` rows."""
    row = f"({', '.join(['%s'] * columns)})"
    return ", ".join([row] * count)


@cache
def _columns(model: type[Model], fields: tuple[str, ...]) -> str:
    return ", ".join(_column(model, field) for field in fields)


@cache
def _column(model: type[Model], field: str) -> str:
    return connection.ops.quote_name(field_attribute(model, field, "column"))


def field_attribute(model: type[Model], field: str, name: str) -> str:
    """Return a name of the field: its "column", or its "attname" on instances (that of the key for a relation)."""
    return str(getattr(model._meta.get_field(field), name))
