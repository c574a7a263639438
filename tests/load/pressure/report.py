"""Writes results as a table, as JSON and as plots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.load import measurements
from tests.load.pressure import plot
from tests.load.pressure.scenario import Result, format_number

RESULTS = Path(__file__).resolve().parent.parent / "results"
_HEAD = ("scenario", "figure", "value", "goal", "")


def table(results: Sequence[Result]) -> str:
    """Return all figures as a Markdown table."""
    rows = [_HEAD, ("---",) * len(_HEAD)]
    for result in results:
        for figure in result.figures:
            value = f"{format_number(figure.value)} {figure.unit}".strip()
            rows.append((result.scenario, figure.name, value, str(figure.goal or ""), figure.state))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write(results: Sequence[Result], directory: Path = RESULTS) -> None:
    """Write `results.json`, `table.md` and the plots into this directory."""
    directory.mkdir(parents=True, exist_ok=True)
    environment = measurements.environment()
    document = {
        "environment": environment,
        "results": [
            {**asdict(result), "verdicts": [str(verdict) for verdict in result.verdicts], "is_good": result.is_good}
            for result in results
        ],
    }
    (directory / "results.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    caption = f"{environment['date']}; {environment['machine']}; {environment['versions']}"
    (directory / "table.md").write_text(f"{caption}\n\n{table(results)}\n")
    shares = [
        (
            f"{result.scenario}: {figure.name}",
            figure.value / figure.goal.limit if figure.goal.is_minimum else figure.goal.limit / figure.value,
        )
        for result in results
        for figure in result.figures
        if figure.goal is not None and figure.value > 0
    ]
    if shares:
        svg = plot.bars("Figure against goal (1 and more: met)", shares, mark=1.0, caption=caption)
        (directory / "goals.svg").write_text(svg)
    for result in results:
        for name, points in result.series.items():
            svg = plot.line(f"{result.scenario}: {name}", points, x_label="seconds", caption=caption)
            (directory / f"{result.scenario}-{name.replace(' ', '-').replace('/', '-per-')}.svg").write_text(svg)
