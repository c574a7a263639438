"""Reads PostgreSQL's catalog: the layout of a table, its constraints and its partitions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

FIRST, DEFAULT = "first", "default"
"""Suffixes of the partition that was the plain table, and of the one for rows without another partition."""


@dataclass(frozen=True)
class LargeTable:
    """A table to partition by ranges of `column`.

    A unique constraint without that column holds within each partition only. `guard` is a unique index on another
    table that keeps the values unique in all partitions: the table, the name of the index and its columns. `source` is
    the table and the column that the values come from, if not all of them are stored here.
    """

    name: str
    column: str
    guard: tuple[str, str, str] | None = None
    source: tuple[str, str] | None = None

    @property
    def bound_check(self) -> str:
        """Name of the check constraint that spares the scan when the plain table becomes the first partition."""
        return f"{self.name}_bound"

    @property
    def default(self) -> str:
        """Name of the partition for rows without another one."""
        return f"{self.name}_{DEFAULT}"


@dataclass(frozen=True)
class Partition:
    """A partition with its upper and lower bounds; both None for the default one, `low` None for the first one."""

    name: str
    low: int | None
    high: int | None


def large_table(
    model: type[models.Model],
    column: str,
    guard: tuple[str, str, str] | None = None,
    source: type[models.Model] | None = None,
) -> LargeTable:
    """Return the table of a model. `source`: the model whose column of the same name has the values first."""
    return LargeTable(model._meta.db_table, column, guard, (source._meta.db_table, column) if source else None)


def quote(name: str) -> str:
    return connection.ops.quote_name(name)


def rows(sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def is_partitioned(table: LargeTable) -> bool:
    if connection.vendor != "postgresql":
        return False
    return bool(rows("SELECT 1 FROM pg_class WHERE oid = %s::regclass AND relkind = 'p'", (quote(table.name),)))


def greatest(table: str, column: str) -> int:
    """Return the greatest value of an indexed column, 0 for an empty table."""
    return int(rows(f"SELECT coalesce(max({quote(column)}), 0) FROM {quote(table)}")[0][0])


def newest(table: LargeTable) -> int:
    """Return the greatest value that a row has, or may get next."""
    own = greatest(table.name, table.column)
    return max(own, greatest(*table.source)) if table.source else own


def partitions(table: LargeTable) -> list[Partition]:
    """Return the partitions in ascending order, the default one last."""
    found = []
    for name, bounds in rows(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
        " WHERE inhparent = %s::regclass",
        (quote(table.name),),
    ):
        match = re.fullmatch(r"FOR VALUES FROM \('?(\w+)'?\) TO \('?(\d+)'?\)", bounds)
        low, high = match.groups() if match else ("MINVALUE", None)
        found.append(Partition(name, None if low == "MINVALUE" else int(low), None if high is None else int(high)))
    return sorted(found, key=lambda partition: (partition.high is None, partition.high or 0))


def constraints(table: str, kinds: str) -> list[tuple[str, str, bool]]:
    """Return name, definition and validity of the table's own constraints of these kinds (letters of the catalog)."""
    return [
        (name, definition, valid)
        for name, definition, valid in rows(
            "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = ANY(%s) AND conparentid = 0 ORDER BY contype, conname",
            (quote(table), list(kinds)),
        )
    ]


def references_to(table: str) -> list[tuple[str, str, str, bool]]:
    """Return table, name, definition and validity of the foreign keys of other tables that refer to this one."""
    return [
        (owner, name, definition, valid)
        for owner, name, definition, valid in rows(
            "SELECT r.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated"
            " FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid"
            " WHERE k.confrelid = %s::regclass AND k.contype = 'f' AND k.conparentid = 0 ORDER BY 1, 2",
            (quote(table),),
        )
    ]


def referenced_by(table: str) -> list[str]:
    """Return the tables that foreign keys of this one refer to."""
    return [
        name
        for (name,) in rows(
            "SELECT DISTINCT r.relname FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid"
            " WHERE k.conrelid = %s::regclass AND k.contype = 'f' ORDER BY 1",
            (quote(table),),
        )
    ]


def plain_indexes(table: str) -> list[tuple[str, str]]:
    """Return name and definition of the indexes that no constraint owns."""
    return [
        (name, definition)
        for name, definition in rows(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = %s::regclass"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid"
            " AND k.contype IN ('p', 'u'))"
            " ORDER BY 1",
            (quote(table),),
        )
    ]


def index_is_valid(name: str) -> bool | None:
    """Return None if there is no such index, False if its concurrent build was interrupted."""
    found = rows(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
        (quote(name),),
    )
    return bool(found[0][0]) if found else None


def bound_check(table: LargeTable) -> tuple[int, bool] | None:
    """Return the bound of the plain table's check constraint and whether it is validated."""
    return check_of(table.name, table.bound_check)


def check_of(table: str, check: str) -> tuple[int, bool] | None:
    """Return the bound of a check constraint that limits a column, and whether it is validated."""
    for name, definition, valid in constraints(table, "c"):
        if name == check and (bound := re.search(r"< \(?'?(\d+)", definition)):
            return int(bound[1]), valid
    return None


def storage_parameters(table: str) -> str:
    """Return the storage parameters of a table, such as those of autovacuum, as ALTER TABLE takes them."""
    ((parameters,),) = rows("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", (quote(table),))
    return ", ".join(parameters or ())
