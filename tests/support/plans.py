"""Records how PostgreSQL executes the statements of Django's connection, by its module `auto_explain`.

Loading that module takes a superuser.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

_START = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_buffers = on",
    "SET auto_explain.log_timing = off",
    "SET auto_explain.log_format = json",
    "SET client_min_messages = log",
)
_END = ("RESET client_min_messages", "SET auto_explain.log_min_duration = -1")
_PARTITION = re.compile(r"_(first|default|\d+)$")


@dataclass(frozen=True)
class Scan:
    """A table or partition that a statement read. `examined` counts the rows that it read, also those it dropped."""

    table: str
    kind: str
    examined: int

    @property
    def parent(self) -> str:
        """Return the name of the table without the suffix of a partition."""
        return _PARTITION.sub("", self.table)


@dataclass(frozen=True)
class Plan:
    """The plan of a statement, as executed."""

    sql: str
    root: dict[str, Any]

    @property
    def scans(self) -> list[Scan]:
        return [
            Scan(node["Relation Name"], node["Node Type"], _examined(node))
            for node in _nodes(self.root)
            if "Relation Name" in node and node["Actual Loops"] and node["Node Type"] != "ModifyTable"
        ]

    @property
    def buffers(self) -> int:
        """Return the number of pages that the statement has read, from memory or not."""
        return int(self.root["Shared Hit Blocks"]) + int(self.root["Shared Read Blocks"])


@dataclass
class Recording:
    """The plans of several statements, in their order."""

    plans: list[Plan] = field(default_factory=list)

    @property
    def scans(self) -> list[Scan]:
        return [scan for plan in self.plans for scan in plan.scans]

    @property
    def examined(self) -> int:
        return sum(scan.examined for scan in self.scans)

    @property
    def buffers(self) -> int:
        return sum(plan.buffers for plan in self.plans)

    def partitions(self, parent: str) -> int:
        """Return how many partitions of a table were read."""
        return len({scan.table for scan in self.scans if scan.parent == parent})


@contextlib.contextmanager
def recorded_plans() -> Iterator[Recording]:
    """Record the statements of the block."""
    recording = Recording()

    def note(notice: Any) -> None:
        _, plan, text = (notice.message_primary or "").partition("plan:\n")
        if plan:
            explained = json.loads(text)
            recording.plans.append(Plan(explained["Query Text"], explained["Plan"]))

    _execute(_START)
    assert connection.connection is not None
    connection.connection.add_notice_handler(note)
    try:
        yield recording
    finally:
        connection.connection.remove_notice_handler(note)
        _execute(_END)


def _execute(statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _examined(node: dict[str, Any]) -> int:
    rows = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(node.get(name, 0) for name in rows) * node["Actual Loops"])
