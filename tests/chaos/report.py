"""Writes outcomes as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.scenario import Outcome
from tests.load import measurements
from tests.support.oracle import Verdict

_LOST = ("not acknowledged", "acknowledged but not stored there", "not received", "not synced", "missing numbers")
_REPEATED = (
    "stored more than once",
    "acknowledged with two numbers",
    "received more than once",
    "synced more than once",
)
_REORDERED = ("received out of order", "synced out of order", "acknowledged after a later message")
_HEAD = (
    "scenario", "sent", "lost", "repeated", "reordered", "leaked or wrong", "others waited", "unavailable",
    "recovered after", "memory", "log lines a minute", "verdict",
)  # fmt: skip


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a Markdown table.

    `unavailable` is the longest time in which a member whom the fault concerns waited for a message or its
    acknowledgement. `others waited` is that of all others.
    """
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, outcomes)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(outcome: Outcome) -> tuple[str, ...]:
    if outcome.skipped:
        return (outcome.name, *("" for _ in _HEAD[2:]), f"skipped: {outcome.skipped}")
    verdict = outcome.verdict
    known = [_count(verdict, kinds) for kinds in (_LOST, _REPEATED, _REORDERED)]
    recovery = "never" if outcome.recovery_seconds is None else f"{outcome.recovery_seconds:.1f} s"
    return (
        outcome.name,
        str(verdict.sent),
        *map(str, known),
        str(sum(verdict.faults.values()) - sum(known)),
        f"{outcome.others_seconds:.1f} s",
        f"{outcome.concerned_seconds:.1f} s",
        recovery,
        f"{outcome.memory_mib:+.0f} MiB",
        str(outcome.lines_a_minute),
        "FAILED" if outcome.failures else "good",
    )


def _count(verdict: Verdict, kinds: Sequence[str]) -> int:
    return sum(verdict.faults.get(kind, 0) for kind in kinds)


def write_json(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the outcomes with all figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "environment": measurements.environment(),
        "scenarios": [{**asdict(outcome), "is_good": not outcome.failures} for outcome in outcomes],
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
