"""The parts of a scenario: its goals, figures and result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.load.measurements import percentile
from tests.load.pressure.target import Target
from tests.support.oracle import Verdict


@dataclass(frozen=True)
class Goal:
    """A bound of a figure."""

    limit: float
    is_minimum: bool = False

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.is_minimum else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.is_minimum else '≤'} {format_number(self.limit)}"


def at_least(limit: float) -> Goal:
    return Goal(limit, is_minimum=True)


def at_most(limit: float) -> Goal:
    return Goal(limit)


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str
    goal: Goal | None = None

    @property
    def state(self) -> str:
        """Return "met", "missed", or nothing without a goal."""
        return "" if self.goal is None else "met" if self.goal.is_met(self.value) else "missed"


@dataclass
class Result:
    """The figures of a scenario and the verdicts on its deliveries."""

    scenario: str
    load: str
    figures: list[Figure] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Wrong answers that are not deliveries."""
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Values over seconds, for a plot."""

    @property
    def is_good(self) -> bool:
        return not self.faults and not any(verdict.faults for verdict in self.verdicts)

    def add(self, name: str, value: float, unit: str, goal: Goal | None = None) -> None:
        self.figures.append(Figure(name, value, unit, goal))

    def add_latencies(self, name: str, milliseconds: Sequence[float], goals: Mapping[float, Goal]) -> None:
        """Add the median and the 99th percentile of sorted values."""
        for share in (0.5, 0.99):
            self.add(f"{name} p{share * 100:g}", percentile(list(milliseconds), share), "ms", goals.get(share))


class Scenario(Protocol):
    """A load of a certain size. Its fields are the size; `name` is that of the command line."""

    @property
    def name(self) -> str: ...

    @property
    def accounts(self) -> int:
        """Return the number of accounts that the target must have."""
        ...

    @property
    def needs_own_site(self) -> bool:
        """Return whether the scenario ends or inspects the server's process."""
        ...

    def run(self, target: Target, *, quiet: bool) -> Result: ...


def format_number(value: float) -> str:
    if value != value:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
