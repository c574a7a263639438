"""`python -m tests.load.big_tables` measures reads and writes of sites with 10,000, 1 million and 10 million messages.

It uses a private PostgreSQL, or the server that TEST_POSTGRES_URL names, and makes a database for each number. The
tables are partitioned unless `--plain` is given. Exits with 1 if a read read more rows than its bound, which does not
depend on the number of messages. `--scaled 10` also makes the planner believe that the largest tables have ten times
their rows, and checks the bounds again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.load import measurements
from tests.support import postgres
from tests.support.site import Site

SIZES = (10_000, 1_000_000, 10_000_000)
ROWS_PER_PARTITION = 2_000_000
"""So that ten million messages lie in as many partitions as a hundred million with the default."""


def measure_size(size: int, options: argparse.Namespace) -> dict[str, Any]:
    """Make a site with this many messages and return its figures, from a process with its settings."""
    with postgres.database(f"big_tables_{size}") as url, tempfile.TemporaryDirectory(prefix="imsite-tables-") as data:
        site = Site(Path(data), database_url=url, options={"IM_RETENTION_DAYS": "700"})
        site.manage("setup")
        if not options.plain:
            site.manage("partition", "--rows", str(options.rows))
        command = [sys.executable, "-m", "tests.load.big_tables.figures", str(size), str(options.rows)]
        found = subprocess.run(
            [*command, str(options.rounds), str(options.scaled), str(options.plans or ""), str(options.pause)],
            env=site.environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    figures: dict[str, Any] = json.loads(found.stdout)
    return figures


def table(by_size: dict[int, dict[str, Any]]) -> list[str]:
    """Return the rows of a Markdown table."""
    sizes = list(by_size)
    lines = [f"| read | {' | '.join(f'{size:,}' for size in sizes)} |", "| --- " * (len(sizes) + 1) + "|"]
    for name in by_size[sizes[-1]]["reads"]:
        cells = [by_size[size]["reads"][name]["cell"] for size in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, "", "Each: p50 / p95 in ms; rows read; pages read; partitions of messages and of events."]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=list(SIZES))
    parser.add_argument("--rows", type=int, default=ROWS_PER_PARTITION)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--plain", action="store_true", help="leave the tables without partitions")
    parser.add_argument("--scaled", type=int, default=1, help="multiply the rows that the planner expects")
    parser.add_argument("--pause", action="store_true", help="wait for Enter after the rows have been made")
    parser.add_argument("--plans", type=Path, help="write the plans of the largest site to this file")
    options = parser.parse_args()
    environment = measurements.environment()
    print(f"{environment['date']}; {environment['machine']}; {environment['versions']}\n", flush=True)
    by_size = {size: measure_size(size, options) for size in options.sizes}
    print("\n".join(table(by_size)))
    faults = [f"{size:,}: {fault}" for size, figures in by_size.items() for fault in figures["faults"]]
    for fault in faults:
        print(f"FAILED: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
