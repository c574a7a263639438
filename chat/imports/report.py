"""Counts what an import has done, and what it could not take over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MAX_NAMES = 50
_MAX_NAME_LENGTH = 40


@dataclass(slots=True)
class Report:
    """`created` and `known` count records by kind. `problems` counts what is missing here, by its description."""

    created: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)

    def problem(self, text: str, count: int = 1, *, named: str = "") -> None:
        """Count a problem, by what the export calls its cause as well; only `MAX_NAMES` different ones are kept."""
        if not count:
            return
        described = f"{text}: {named[:_MAX_NAME_LENGTH]}" if named else text
        if named and described not in self.problems and len(self.problems) >= MAX_NAMES:
            described = text
        self.problems[described] += count
