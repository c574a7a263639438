"""`make chaos` runs scenarios of faults, prints what each has shown, and a table at the end.

First it plants bugs in nodes, which the oracle must find. The run exits with 1 if a scenario fails.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.chaos import planted_bugs, report
from tests.chaos.scenario import Outcome, Scenario, Skipped, broken, run, skipped
from tests.chaos.scenarios import all_scenarios
from tests.load import measurements
from tests.support.site_maker import SiteFactory, site_maker

MAX_SECONDS = 600.0
"""A scenario that takes longer has failed, and the next one begins. All together take less than 40 minutes."""
RESULTS = Path(__file__).resolve().parent / "results"
T = TypeVar("T")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="scenario", help=f"default: all; {planted_bugs.NAME} first")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--output", type=Path, default=RESULTS / "chaos.json", help="where the JSON goes")
    options = parser.parse_args()
    known = all_scenarios()
    if options.list:
        print("\n".join(f"{scenario.name:<28}{scenario.title}" for scenario in known))
        return 0
    if unknown := set(options.names) - {scenario.name for scenario in known} - {planted_bugs.NAME}:
        parser.error(f"no scenario {', '.join(sorted(unknown))}; --list lists them")
    chosen = [scenario for scenario in known if not options.names or scenario.name in options.names]
    with contextlib.ExitStack() as stack:
        makers = {
            kind: stack.enter_context(site_maker(f"chaos_{kind}", kind))
            for kind in sorted({scenario.database for scenario in chosen} | {"postgres"})
        }
        unseen: list[str] = []
        if not options.names or planted_bugs.NAME in options.names:
            print(f"{planted_bugs.NAME} …", flush=True)
            unseen = _unseen_bugs(makers["postgres"])
        outcomes = [_run(scenario, makers[scenario.database]) for scenario in chosen]
    report.write_json(outcomes, options.output)
    environment = measurements.environment()
    print(f"\n{environment['date']}; {environment['machine']}; {environment['versions']}\n\n{report.table(outcomes)}")
    return 1 if unseen or any(outcome.failures for outcome in outcomes) else 0


async def _limited(work: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(MAX_SECONDS):
        return await work


def _unseen_bugs(make_site: SiteFactory) -> list[str]:
    """Return the planted bugs that the oracle does not find."""
    try:
        unseen = asyncio.run(_limited(planted_bugs.unseen_bugs(make_site)))
    except Exception as error:
        traceback.print_exc()
        unseen = [repr(error)]
    print(f"  {f'NOT SEEN: {unseen}' if unseen else 'the oracle sees each'}", flush=True)
    return unseen


def _run(scenario: Scenario, make_site: SiteFactory) -> Outcome:
    print(f"{time.strftime('%H:%M:%S')} {scenario.name}: {scenario.title} …", flush=True)
    try:
        outcome = asyncio.run(_limited(run(scenario, make_site)))
    except Skipped as reason:
        print(f"  skipped: {reason}", flush=True)
        return skipped(scenario, reason)
    except Exception as error:
        # The others still run.
        traceback.print_exc()
        outcome = broken(scenario, error)
    for line in [*(f"{name}: {value}" for name, value in outcome.figures.items()), *outcome.failures]:
        print(f"  {line}", flush=True)
    print(f"  {outcome.verdict} ({outcome.seconds:.0f} s)", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
