"""`make loadtest` runs scenarios of load and prints each figure beside its goal.

An oracle compares what was sent, acknowledged, stored and received. The run exits with 1 if the oracle finds a fault; a
missed goal is only reported. `--url` and `--tokens` aim it at a site that runs already. Results go to
tests/load/results.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from tests.load import measurements
from tests.load.pressure import report, scenarios
from tests.load.pressure.scenario import Result
from tests.load.pressure.target import other_site, own_site


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="scenario", help="default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds each")
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--url", help="http://host:port of another site")
    parser.add_argument("--tokens", type=Path, help='JSON: {"services": ["token", …], "users": [["name", "token"], …]}')
    parser.add_argument("--output", type=Path, default=report.RESULTS, help="directory of table, JSON and plots")
    options = parser.parse_args()
    known = scenarios.QUICK if options.quick else scenarios.FULL
    chosen = [scenario for scenario in known if not options.names or scenario.name in options.names]
    if unknown := set(options.names) - {scenario.name for scenario in known}:
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(item.name for item in known)}")
    if bool(options.url) != bool(options.tokens):
        parser.error("--url and --tokens belong together")
    foreign = other_site(options.url, options.tokens) if options.url else None
    results: list[Result] = []
    for scenario in chosen:
        print(f"{scenario.name} …", flush=True)
        if foreign is not None and (scenario.needs_own_site or scenario.accounts > len(foreign.logins)):
            print(f"  not run: it needs a site of its own, or {scenario.accounts} users")
            continue
        with (
            contextlib.nullcontext(foreign)
            if foreign is not None
            else own_site(scenario.accounts, on_postgres=options.postgres)
        ) as target:
            results.append(scenario.run(target, quiet=False))
        print(f"  {results[-1].load}")
        for verdict in [*results[-1].verdicts, *results[-1].faults]:
            print(f"  {verdict}", flush=True)
    report.write(results, options.output)
    environment = measurements.environment()
    print(f"\n{environment['date']}; {environment['machine']}; {environment['versions']}\n\n{report.table(results)}")
    return 0 if all(result.is_good for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
