"""Makes partitions ahead of the greatest value, drops empty ones, and ends abandoned conversions."""

from __future__ import annotations

import logging

from django.db import connection

from delivery.db.partitioning import short_lock
from delivery.db.partitioning.catalog import (
    LargeTable,
    Partition,
    bound_check,
    constraints,
    execute,
    greatest,
    is_partitioned,
    partitions,
    quote,
    rows,
)

logger = logging.getLogger(__name__)

_RETRIES = 3
"""Further attempts for a lock. The next run of the periodic task tries again."""


def create_partition(table: LargeTable, name: str, values: str) -> None:
    """Create a partition, with the unique constraints that the first partition has and the whole table cannot have."""
    local = [definition for _, definition, _ in constraints(partitions(table)[0].name, "pu")]
    execute(f"CREATE TABLE {quote(name)} PARTITION OF {quote(table.name)} {values}")
    for definition in local:
        execute(f"ALTER TABLE {quote(name)} ADD {definition}")


def maintain(table: LargeTable) -> None:
    """Keep one whole partition ahead of the greatest value, and drop the empty ones behind it.

    The size of the last partition is that of the next. Rows without a partition lie in the default one; the next
    partition then begins after them.
    """
    if not is_partitioned(table):
        if connection.vendor == "postgresql" and bound_check(table):
            short_lock.run(lambda: _end_abandoned(table), _RETRIES)
        return
    ranges = [partition for partition in partitions(table) if partition.high is not None]
    last = ranges[-1]
    assert last.high is not None and last.low is not None
    size, newest = last.high - last.low, greatest(table.name, table.column)
    if newest + size >= last.high:
        low = max(last.high, (newest // size + 1) * size)
        if low > last.high:
            logger.warning("partition_late", extra={"table": table.name, "position": newest})
        values = f"FOR VALUES FROM ({low}) TO ({low + size})"
        short_lock.run(lambda: _add(table, f"{table.name}_{low}", values), _RETRIES)
        execute(f"ANALYZE {quote(table.name)}")
    # One range stays: the sizes and the unique constraints of the next ones are taken from it.
    for partition in ranges[:-1]:
        if partition.high is not None and partition.high <= newest and _is_empty(partition):
            short_lock.run(lambda partition=partition: _drop(table, partition), _RETRIES)  # type: ignore[misc]


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


def _is_empty(partition: Partition) -> bool:
    return not rows(f"SELECT 1 FROM {quote(partition.name)} LIMIT 1")


def _drop(table: LargeTable, partition: Partition) -> None:
    """Drop the partition unless a row has come meanwhile."""
    short_lock.lock(table)
    if partition in partitions(table) and _is_empty(partition):
        # Foreign keys that refer to the table keep an attached partition from being dropped.
        execute(f"ALTER TABLE {quote(table.name)} DETACH PARTITION {quote(partition.name)}")
        execute(f"DROP TABLE {quote(partition.name)}")
        logger.info("partition_dropped", extra={"table": table.name, "partition": partition.name})
