"""Counts what an import has done, and what it could not take over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """`created` and `known` count records by kind. `problems` counts what is missing here, by its description."""

    created: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)

    def problem(self, text: str, count: int = 1) -> None:
        if count:
            self.problems[text] += count
