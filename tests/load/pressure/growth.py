"""`make bench-growth` runs the load test's scenarios on one, two and four nodes and compares the CPU of each delivery.

Two kinds of load: the same one for any number of nodes, and one that grows with them. Members and senders are spread
over all nodes, on a private PostgreSQL. The CPU is that of the nodes; Redis and PostgreSQL are listed beside it. Exits
with 1 on any lost, repeated or misplaced message. Results go to tests/load/results.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.load import measurements
from tests.load.pressure import plot, report
from tests.load.pressure.cluster_calls import ClusterCalls
from tests.load.pressure.scenario import Result, Scenario, format_number
from tests.load.pressure.scenarios.hot_channel import HotChannel
from tests.load.pressure.scenarios.many_rooms import ManyRooms
from tests.load.pressure.target import Target, own_cluster

NODES = (1, 2, 4)
GOAL = 1.2
"""The CPU of a delivery or a call on several nodes, divided by that on one."""
_HEAD = (
    "scenario", "nodes", "load", "a second", "node CPU µs each", "against one node", "Redis, PostgreSQL µs per message",
    "messages per commit", "repairs", "p50 / p99 ms",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A scenario as a function of its size: 1, and where the load grows, the number of nodes."""

    name: str
    make: Callable[[int, float], Scenario]
    """Makes the scenario of a size, for so many seconds."""


CASES = (
    Case("one channel", lambda size, seconds: HotChannel(members=150 * size, senders=40, rate=50, seconds=seconds)),
    Case(
        "many rooms",
        lambda size, seconds: ManyRooms(rooms=20 * size, size=10, rate=150 * size, seconds=seconds, processes=1),
    ),
    Case(
        "private pairs",
        lambda size, seconds: ManyRooms("private-pairs", 50 * size, 2, rate=150 * size, seconds=seconds, processes=1),
    ),
    Case("calls: online", lambda size, seconds: ClusterCalls(16 * size, seconds=seconds)),
    Case("calls: send", lambda size, seconds: ClusterCalls(16 * size, sends=True, seconds=seconds)),
)


@dataclass
class Row:
    """One scenario on so many nodes, over all rounds."""

    case: str
    nodes: int
    is_grown: bool
    loads: list[str] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, target: Target, scenario: Scenario) -> None:
        names = ("imsite_commit_seconds_count", "imsite_log_catchup_events_total")
        before = [target.count(name) for name in names]
        result = scenario.run(target, quiet=True)
        commits, repairs = (target.count(name) - value for name, value in zip(names, before, strict=True))
        found = {figure.name: figure.value for figure in result.figures}
        found |= {"repairs": repairs}
        if commits and (messages := _messages(result, scenario)):
            found["messages per commit"] = messages / commits
        for name, value in found.items():
            self.values.setdefault(name, []).append(value)
        self.loads = [result.load]
        self.faults += [str(verdict) for verdict in result.verdicts if verdict.faults] + result.faults

    def value(self, name: str) -> float:
        """Return the median of the rounds; NaN if the scenario has no such figure."""
        return statistics.median(self.values[name]) if name in self.values else float("nan")

    @property
    def cost(self) -> float:
        """Return the microseconds of node CPU for each delivery, or for each call."""
        return self.value("server CPU per delivery" if "server CPU per delivery" in self.values else "CPU per call")

    def cells(self, one: Row) -> list[str]:
        rate = self.value("deliveries" if "deliveries" in self.values else "calls")
        stores = [self.value(f"{name} CPU per message") for name in ("Redis", "PostgreSQL")]
        latencies = [self.value(f"send to receive {share}") for share in ("p50", "p99")]
        return [
            self.case,
            str(self.nodes),
            self.loads[0],
            *map(format_number, (rate, self.cost)),
            f"{self.cost / one.cost:.2f}",
            ", ".join(map(format_number, stores)),
            format_number(self.value("messages per commit")),
            f"{sum(self.values['repairs']):.0f}",
            " / ".join(map(format_number, latencies)),
        ]


def _messages(result: Result, scenario: Scenario) -> float:
    """Return the number of messages that the scenario has sent."""
    if isinstance(scenario, ClusterCalls):
        return scenario.seconds * next(figure.value for figure in result.figures if figure.name == "messages")
    assert isinstance(scenario, HotChannel | ManyRooms)
    return scenario.rate * scenario.seconds


def run(cases: Sequence[Case], counts: Sequence[int], rounds: int, seconds: float) -> list[Row]:
    """Return a row for each case, number of nodes and kind of load; on one node the kinds are the same."""
    rows = {
        (case.name, count, is_grown): Row(case.name, count, is_grown)
        for case in cases
        for count in counts
        for is_grown in (False, True)[: 1 if count == 1 else 2]
    }
    for _ in range(rounds):
        for count in counts:
            sizes = {False: 1} if count == 1 else {False: 1, True: count}
            accounts = max(case.make(size, seconds).accounts for case in cases for size in sizes.values())
            with own_cluster(count, accounts) as target:
                for case in cases:
                    for is_grown, size in sizes.items():
                        row = rows[case.name, count, is_grown]
                        row.add(target, case.make(size, seconds))
                        print(f"  {case.name}, {count} nodes, size {size}: {row.cost:.1f} µs", flush=True)
    return list(rows.values())


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, each compared with its case on one node."""
    ones = {row.case: row for row in rows if row.nodes == 1}
    lines = [_HEAD, ("---",) * len(_HEAD), *(row.cells(ones[row.case]) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(rows: Sequence[Row], directory: Path) -> None:
    """Write `growth.json`, `growth.md` and a plot for each kind of load."""
    directory.mkdir(parents=True, exist_ok=True)
    environment = measurements.environment()
    document = {"environment": environment, "rows": [asdict(row) for row in rows]}
    (directory / "growth.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    caption = f"{environment['date']}; {environment['machine']}; {environment['versions']}"
    (directory / "growth.md").write_text(f"{caption}\n\n{table(rows)}\n")
    ones = {row.case: row.cost for row in rows if row.nodes == 1}
    for is_grown, title in ((False, "the same load"), (True, "load that grows with the nodes")):
        series = {
            name: [
                (float(row.nodes), row.cost / cost)
                for row in rows
                if row.case == name and (row.nodes == 1 or row.is_grown is is_grown)
            ]
            for name, cost in ones.items()
        }
        svg = plot.lines(
            f"Node CPU of a delivery or call against one node: {title}",
            series, x_label="nodes", caption=caption, mark=GOAL,
        )  # fmt: skip
        (directory / f"growth-{'scaled' if is_grown else 'same'}.svg").write_text(svg)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=NODES, help="must begin with 1")
    parser.add_argument("--rounds", type=int, default=2, help="the table has the medians")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--only", default="", help="a part of the names of the cases to run")
    parser.add_argument("--output", type=Path, default=report.RESULTS, help="directory of table, JSON and plots")
    options = parser.parse_args()
    cases = [case for case in CASES if options.only in case.name]
    rows = run(cases, options.nodes, options.rounds, options.seconds)
    write(rows, options.output)
    environment = measurements.environment()
    print(f"\n{environment['date']}; {environment['machine']}; {environment['versions']}\n\n{table(rows)}")
    faults = [f"{row.case}, {row.nodes} nodes: {fault}" for row in rows for fault in row.faults]
    print("\n".join(f"FAILED: {fault}" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
