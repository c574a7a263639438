"""Turns a plain table into a partitioned one while the site runs. No row is copied.

The plain table becomes the first partition. A check constraint, validated beforehand without blocking writes, spares
the scan at that moment. Every step looks at the catalog, so an interrupted conversion goes on with the next call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection

from delivery.db.partitioning import short_lock
from delivery.db.partitioning.catalog import (
    FIRST,
    LargeTable,
    bound_check,
    constraints,
    execute,
    greatest,
    index_is_valid,
    is_partitioned,
    newest,
    plain_indexes,
    quote,
    references_to,
    rows,
)
from delivery.db.partitioning.upkeep import add_next, create_partition, drop_bound_check, last_size

DEFAULT_ROWS = 20_000_000
Step = tuple[str, Callable[[], None]]


def steps(table: LargeTable, size: int | None = None) -> Iterator[Step]:
    """Yield the description and the function of each step that is still to do.

    `size` counts the rows of a partition; None: DEFAULT_ROWS, or as before if the table has partitions.
    """
    if not is_partitioned(table):
        yield from _swap_steps(table, size or DEFAULT_ROWS)
    elif size is not None and size != last_size(table):
        yield f"Give the next partition of {table.name} {size:,} rows", partial(add_next, table, size)
    for owner, name, _, valid in references_to(table.name):
        if not valid or not is_partitioned(table):
            yield f"Validate {name} of {owner}", lambda owner=owner, name=name: _validate(owner, name)  # type: ignore[misc]
    yield f"Analyze {table.name}", lambda: execute(f"ANALYZE {quote(table.name)}")


def _swap_steps(table: LargeTable, size: int) -> Iterator[Step]:
    if table.guard and not index_is_valid(table.guard[1]):
        yield f"Build the unique index {table.guard[1]}", lambda: _build_guard(table)
    check = bound_check(table)
    if check is None:
        yield f"Add the check constraint {table.bound_check}", lambda: _add_bound_check(table, size)
    if check is None or not check[1]:
        yield f"Validate {table.bound_check}", lambda: _validate(table.name, table.bound_check)
    yield f"Make {table.name} the first partition", lambda: short_lock.run(lambda: _swap(table, size))


def abort(table: LargeTable) -> bool:
    """Remove what an interrupted conversion has left on a plain table. Return whether it is plain."""
    if is_partitioned(table):
        return False
    short_lock.run(lambda: drop_bound_check(table))
    if table.guard:
        _without_lock_timeout(f"DROP INDEX CONCURRENTLY IF EXISTS {quote(table.guard[1])}")
    return True


def _without_lock_timeout(sql: str) -> None:
    """Execute a statement that waits for other transactions without keeping any from writing."""
    execute("SET lock_timeout = 0")
    try:
        execute(sql)
    finally:
        execute("RESET lock_timeout")


def _build_guard(table: LargeTable) -> None:
    assert table.guard
    owner, name, columns = table.guard
    if index_is_valid(name) is False:
        _without_lock_timeout(f"DROP INDEX CONCURRENTLY {quote(name)}")
    _without_lock_timeout(f"CREATE UNIQUE INDEX CONCURRENTLY {quote(name)} ON {quote(owner)} ({columns})")


def _add_bound_check(table: LargeTable, size: int) -> None:
    """Add the constraint for new rows. Its bound lies at least one partition ahead, so that it refuses no write."""
    bound = (newest(table) // size + 2) * size
    short_lock.run(
        lambda: execute(
            f"ALTER TABLE {quote(table.name)} ADD CONSTRAINT {quote(table.bound_check)}"
            f" CHECK ({quote(table.column)} < {bound}) NOT VALID"
        )
    )


def _validate(table: str, constraint: str) -> None:
    _without_lock_timeout(f"ALTER TABLE {quote(table)} VALIDATE CONSTRAINT {quote(constraint)}")


def _swap(table: LargeTable, size: int) -> None:
    """Put a partitioned table with the same columns, constraints and indexes in the place of the plain one."""
    parent, first = quote(table.name), quote(f"{table.name}_{FIRST}")
    references = references_to(table.name)
    short_lock.lock(table)
    check = bound_check(table)
    assert check
    bound, _ = check
    unique, others = constraints(table.name, "pu"), constraints(table.name, "fc")
    indexes = plain_indexes(table.name)
    identities = _identities(table.name)

    for owner, name, _, _ in references:
        execute(f"ALTER TABLE {quote(owner)} DROP CONSTRAINT {quote(name)}")
    execute(f"ALTER TABLE {parent} RENAME TO {first}")
    for name in [name for name, *_ in unique] + [name for name, _ in indexes]:
        execute(f"ALTER INDEX {quote(name)} RENAME TO {quote(f'{name}_{FIRST}')}")
    execute(
        f"CREATE TABLE {parent} (LIKE {first} INCLUDING DEFAULTS INCLUDING IDENTITY)"
        f" PARTITION BY RANGE ({quote(table.column)})"
    )
    for name, definition, _ in unique + others:
        is_local = (name, definition) in {(n, d) for n, d, _ in unique} and not _contains(definition, table.column)
        if name != table.bound_check and not is_local:
            execute(f"ALTER TABLE {parent} ADD CONSTRAINT {quote(name)} {definition}")
    for _, definition in indexes:
        execute(definition)
    for column, sequence in identities:
        _move_identity(table.name, column, sequence)
    execute(f"ALTER TABLE {parent} ATTACH PARTITION {first} FOR VALUES FROM (MINVALUE) TO ({bound})")
    execute(f"ALTER TABLE {first} DROP CONSTRAINT {quote(table.bound_check)}")
    for owner, name, definition, _ in references:
        # Validated later, without blocking writes.
        execute(
            f"ALTER TABLE {quote(owner)} ADD CONSTRAINT {quote(name)} {definition.removesuffix(' NOT VALID')} NOT VALID"
        )
    create_partition(table, f"{table.name}_{bound}", f"FOR VALUES FROM ({bound}) TO ({bound + size})")
    create_partition(table, table.default, "DEFAULT")


def _contains(definition: str, column: str) -> bool:
    return column in [name.strip(' "') for name in definition[definition.index("(") + 1 : -1].split(",")]


def _identities(table: str) -> list[tuple[str, str]]:
    """Return the columns that the database numbers, and their sequences."""
    return [
        (column, sequence)
        for column, sequence in rows(
            "SELECT attname, split_part(pg_get_serial_sequence(%s, attname), '.', 2) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attidentity <> ''",
            (quote(table), quote(table)),
        )
    ]


def _move_identity(table: str, column: str, sequence: str) -> None:
    """Let the partitioned table go on where the plain table's numbers end, with a sequence of the same name."""
    first = f"{table}_{FIRST}"
    execute(f"ALTER TABLE {quote(first)} ALTER COLUMN {quote(column)} DROP IDENTITY")
    ((name,),) = rows("SELECT pg_get_serial_sequence(%s, %s)", (quote(table), column))
    execute(f"ALTER SEQUENCE {name} RENAME TO {sequence}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(%s::regclass, %s, false)", (quote(sequence), greatest(first, column) + 1))
