"""Makes partitions ahead of the greatest value, drops empty ones, and ends abandoned conversions."""

from __future__ import annotations

import logging

from django.db import connection

from delivery.db.partitioning import short_lock
from delivery.db.partitioning.catalog import (
    LargeTable,
    Partition,
    bound_check,
    check_of,
    constraints,
    execute,
    greatest,
    is_partitioned,
    newest,
    partitions,
    quote,
    rows,
    storage_parameters,
)

logger = logging.getLogger(__name__)

_RETRIES = 3
"""Further attempts for a lock. The next run of the periodic task tries again."""


def create_partition(table: LargeTable, name: str, values: str) -> None:
    """Create a partition like those before it.

    It gets the unique constraints that the first one has and the whole table cannot have, and the storage parameters of
    the last one.
    """
    before = partitions(table)
    local = [definition for _, definition, _ in constraints(before[0].name, "pu")]
    parameters = storage_parameters(_ranges(before)[-1].name)
    execute(f"CREATE TABLE {quote(name)} PARTITION OF {quote(table.name)} {values}")
    for definition in local:
        execute(f"ALTER TABLE {quote(name)} ADD {definition}")
    if parameters:
        execute(f"ALTER TABLE {quote(name)} SET ({parameters})")


def last_size(table: LargeTable) -> int:
    """Return the number of values of the last partition, which is that of the next."""
    last = _ranges(partitions(table))[-1]
    assert last.high is not None and last.low is not None
    return last.high - last.low


def add_next(table: LargeTable, size: int) -> None:
    """Make one more partition behind the last one, of this size."""
    last = _ranges(partitions(table))[-1]
    assert last.high is not None
    _make(table, max(last.high, newest(table) + 1), size, short_lock.RETRIES)


def _ranges(found: list[Partition]) -> list[Partition]:
    return [partition for partition in found if partition.high is not None]


def _make(table: LargeTable, low: int, size: int, retries: int) -> None:
    values = f"FOR VALUES FROM ({low}) TO ({low + size})"
    short_lock.run(lambda: _add(table, f"{table.name}_{low}", values), retries)


def maintain(table: LargeTable) -> None:
    """Keep one whole partition ahead of the greatest value, and drop the empty ones behind it.

    The size of the last partition is that of the next. Rows without a partition lie in the default one and stay there;
    the next partition then begins after them.
    """
    if not is_partitioned(table):
        if connection.vendor == "postgresql" and bound_check(table):
            short_lock.run(lambda: _end_abandoned(table), _RETRIES)
        return
    ranges, size, latest = _ranges(partitions(table)), last_size(table), newest(table)
    last = ranges[-1]
    assert last.high is not None
    _drop_default_check(table, latest + size // 2)
    if latest + size >= last.high:
        low = max(last.high, (latest // size + 1) * size)
        if low > last.high:
            logger.warning("partition_late", extra={"table": table.name, "position": latest})
        try:
            _make(table, low, size, _RETRIES)
        except short_lock.LockUnavailableError:
            # PostgreSQL looks for rows of the new partition in the default one. With many rows there, that takes
            # longer than the lock may be held.
            if not _has_rows(table.default):
                raise
            _make_beyond_default(table, (latest // size + 2) * size, size)
        execute(f"ANALYZE {quote(table.name)}")
    elif _is_analysis_old(table):
        execute(f"ANALYZE {quote(table.name)}")
    # One range stays: the sizes and the unique constraints of the next ones are taken from it.
    own = greatest(table.name, table.column)
    for partition in ranges[:-1]:
        if partition.high is not None and partition.high <= own and not _has_rows(partition.name):
            short_lock.run(lambda partition=partition: _drop(table, partition), _RETRIES)  # type: ignore[misc]


def _make_beyond_default(table: LargeTable, low: int, size: int) -> None:
    """Make a partition that begins at `low`, after a search of the default one that blocks nothing.

    Meanwhile a check constraint would refuse rows from `low` on, which is at least one partition ahead. It spares
    PostgreSQL its own search.
    """
    default, check = quote(table.default), quote(_default_check(table))
    constraint = f"{check} CHECK ({quote(table.column)} < {low}) NOT VALID"
    short_lock.run(lambda: execute(f"ALTER TABLE {default} ADD CONSTRAINT {constraint}"), _RETRIES)
    try:
        execute(f"ALTER TABLE {default} VALIDATE CONSTRAINT {check}")
        _make(table, low, size, _RETRIES)
    finally:
        _drop_default_check(table)


def _default_check(table: LargeTable) -> str:
    return f"{table.default}_bound"


def _drop_default_check(table: LargeTable, upto: int | None = None) -> None:
    """Drop the check constraint of the default partition; with `upto`, only if it refuses rows from there on.

    An interrupted run has left it, or another node is at work.
    """
    if upto is not None:
        check = check_of(table.default, _default_check(table))
        if check is None or check[0] > upto:
            return
    sql = f"ALTER TABLE {quote(table.default)} DROP CONSTRAINT IF EXISTS {quote(_default_check(table))}"
    short_lock.run(lambda: execute(sql), _RETRIES)


def _is_analysis_old(table: LargeTable) -> bool:
    """Return whether the partitioned table has a tenth more rows than at its last ANALYZE, which is no autovacuum's."""
    ((before, now),) = rows(
        "SELECT p.reltuples, sum(greatest(c.reltuples, 0)) FROM pg_class p JOIN pg_inherits ON inhparent = p.oid"
        " JOIN pg_class c ON c.oid = inhrelid WHERE p.oid = %s::regclass GROUP BY 1",
        (quote(table.name),),
    )
    return bool(now > 1.1 * max(before, 0))


def drop_bound_check(table: LargeTable) -> None:
    execute(f"ALTER TABLE {quote(table.name)} DROP CONSTRAINT IF EXISTS {quote(table.bound_check)}")


def _end_abandoned(table: LargeTable) -> None:
    """Drop the check constraint of a conversion that was interrupted, which would refuse rows beyond its bound."""
    if short_lock.no_conversion_runs():
        drop_bound_check(table)
        logger.warning("partition_conversion_abandoned", extra={"table": table.name})


def _add(table: LargeTable, name: str, values: str) -> None:
    short_lock.lock(table)
    # Another node may have made it meanwhile.
    if name not in {partition.name for partition in partitions(table)}:
        create_partition(table, name, values)


def _has_rows(partition: str) -> bool:
    return bool(rows(f"SELECT 1 FROM {quote(partition)} LIMIT 1"))


def _drop(table: LargeTable, partition: Partition) -> None:
    """Drop the partition unless a row has come meanwhile."""
    short_lock.lock(table)
    if partition in partitions(table) and not _has_rows(partition.name):
        # Foreign keys that refer to the table keep an attached partition from being dropped.
        execute(f"ALTER TABLE {quote(table.name)} DETACH PARTITION {quote(partition.name)}")
        execute(f"DROP TABLE {quote(partition.name)}")
        logger.info("partition_dropped", extra={"table": table.name, "partition": partition.name})
