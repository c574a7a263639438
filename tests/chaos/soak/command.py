"""`python -m tests.chaos.soak` runs two nodes at moderate load for 45 minutes, and restarts one again and again.

Memory, file descriptors and threads of the node that keeps running must stay flat. It writes a plot of each, and exits
with 1 if one of them grows or the oracle finds a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos.scenario import Criteria, Scenario, run
from tests.chaos.stage import Stage
from tests.chaos.watch import MIB
from tests.load.measurements import resident_bytes
from tests.load.pressure import plot
from tests.support.site_maker import site_maker

RESULTS = Path(__file__).resolve().parent.parent / "results"
SAMPLE_SECONDS = 5.0
RESTART_SECONDS = 60.0


@dataclass(frozen=True)
class Sample:
    """Use of the node at a moment, in minutes since the beginning."""

    minute: float
    memory_mib: float
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Series:
    """One of the figures, and by how much it may grow between the first and the last third of the run."""

    name: str
    unit: str
    value: Callable[[Sample], float]
    limit: float


SERIES = (
    Series("memory", "MiB", lambda sample: sample.memory_mib, 15.0),
    Series("descriptors", "", lambda sample: sample.descriptors, 10.0),
    Series("threads", "", lambda sample: sample.threads, 5.0),
)


def growth(values: Sequence[float]) -> float:
    """Return by how much the median of the last third exceeds that of the second one.

    In the first third the caches and pools fill.
    """
    third = len(values) // 3
    return statistics.median(values[-third:]) - statistics.median(values[third : 2 * third])


async def _soak(stage: Stage, *, minutes: float, samples: list[Sample]) -> None:
    began = time.monotonic()
    restarts = 0
    restart = asyncio.create_task(asyncio.sleep(RESTART_SECONDS))
    stage.concern(stage.members_at(stage.b))
    while (elapsed := time.monotonic() - began) < 60 * minutes:
        samples.append(_sample(stage.a.pid, elapsed / 60))
        if restart.done():
            restarts += 1
            restart = asyncio.create_task(_restart(stage))
        await asyncio.sleep(SAMPLE_SECONDS)
    await restart
    stage.add("restarts", restarts)
    for series in SERIES:
        grown = growth([series.value(sample) for sample in samples])
        stage.add(f"growth of {series.name}", grown, series.unit, series.limit)


async def _restart(stage: Stage) -> None:
    await asyncio.to_thread(stage.b.restart)
    await asyncio.sleep(RESTART_SECONDS)


def _sample(pid: int, minute: float) -> Sample:
    descriptors, threads = (len(list(Path(f"/proc/{pid}/{kind}").iterdir())) for kind in ("fd", "task"))
    return Sample(minute, resident_bytes(pid) / MIB, descriptors, threads)


def write_plots(samples: Sequence[Sample], directory: Path) -> None:
    """Write a plot of each figure over the time."""
    directory.mkdir(parents=True, exist_ok=True)
    for series in SERIES:
        points = [(sample.minute, series.value(sample)) for sample in samples]
        title = f"{series.name} of the node that keeps running{f', {series.unit}' if series.unit else ''}"
        (directory / f"soak-{series.name}.svg").write_text(plot.line(title, points, x_label="minutes"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--members", type=int, default=24)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two messages of a member")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the plots go")
    options = parser.parse_args()
    samples: list[Sample] = []
    scenario = Scenario(
        "soak", "moderate load with restarts", partial(_soak, minutes=options.minutes, samples=samples),
        Criteria(memory_mib=60), size=options.members, pause=options.pause,
    )  # fmt: skip
    with site_maker("soak", "postgres") as make_site:
        outcome = asyncio.run(run(scenario, make_site))
    write_plots(samples, options.output)
    for line in [*(f"{name}: {value}" for name, value in outcome.figures.items()), *outcome.failures]:
        print(line, flush=True)
    print(f"{outcome.verdict}; others waited {outcome.others_seconds:.1f} s at most ({outcome.seconds:.0f} s)")
    return 1 if outcome.failures else 0
