"""Plans and times of the reads of messages and events, by the number of partitions."""

from __future__ import annotations

import statistics
from typing import Any

import psycopg

PARTITIONS = (3, 10, 100)
_ROUNDS = 21
_READS = {
    "history": "SELECT * FROM chat_message WHERE channel_id = %(channel)s AND seq < 900000 ORDER BY seq DESC LIMIT 50",
    "search result": "SELECT * FROM chat_message WHERE id = ANY(%(ids)s)",
    "sync": "SELECT * FROM delivery_event WHERE channel = %(channel)s AND position > %(position)s"
    " ORDER BY position LIMIT 200",
    "replay": "SELECT * FROM delivery_event WHERE position > %(position)s ORDER BY position LIMIT 200",
}


def explain(url: str) -> list[str]:
    """Return the rows of a Markdown table. Adds empty partitions to the database."""
    lines = ["", f"| read | {' | '.join(f'{count} partitions' for count in PARTITIONS)} |", "|---" * 4 + "|"]
    columns: list[list[str]] = []
    with psycopg.connect(url, autocommit=True) as database:
        channel, newest = _row(
            database, "SELECT channel_id, max(id) FROM chat_message GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
        )
        (position,) = _row(database, "SELECT max(position) - 5000 FROM delivery_event")
        values = {"channel": channel, "position": position, "ids": list(range(newest - 40_000, newest, 800))}
        for count in PARTITIONS:
            for table in ("chat_message", "delivery_event"):
                _extend(database, table, count)
            columns.append([_cost(database, sql, values) for sql in _READS.values()])
    rows = zip(_READS, zip(*columns, strict=True), strict=True)
    lines += [f"| {name} | {' | '.join(costs)} |" for name, costs in rows]
    return [*lines, "", "Each: planning / execution in ms, median; buffers."]


def _row(database: psycopg.Connection[Any], sql: str, values: dict[str, Any] | None = None) -> tuple[Any, ...]:
    row = database.execute(sql, values).fetchone()
    assert row
    return tuple(row)


def _extend(database: psycopg.Connection[Any], table: str, count: int) -> None:
    """Add partitions as the periodic task does, until there are `count` with the default one."""
    (have,) = _row(database, f"SELECT count(*) FROM pg_inherits WHERE inhparent = '{table}'::regclass")
    for number in range(have, count):
        low = 1_000_000_000 + number * 1000
        name = f"{table}_{low}"
        database.execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ({low}) TO ({low + 1000})")
        if table == "chat_message":
            database.execute(f"ALTER TABLE {name} ADD UNIQUE (channel_id, seq)")


def _cost(database: psycopg.Connection[Any], sql: str, values: dict[str, Any]) -> str:
    planning, execution, buffers = [], [], 0
    for _ in range(_ROUNDS):
        ((plan,),) = _row(database, f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
        planning.append(plan["Planning Time"])
        execution.append(plan["Execution Time"])
        buffers = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return f"{statistics.median(planning):.2f} / {statistics.median(execution):.2f}; {buffers}"
