"""Fills the database of this process's settings, measures all reads in it, and prints the figures as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.load import measurements

if TYPE_CHECKING:
    from tests.load.big_tables.reads import Read
    from tests.support.plans import Recording

SMALL = 100_000
"""Messages below which statements are planned as if all tables were large."""
_SCALE = """
UPDATE pg_class SET reltuples = reltuples * %s WHERE reltuples > 1000
AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'p')
"""


def main() -> None:
    messages, rows, rounds, scaled = map(int, sys.argv[1:5])
    plans, pauses = sys.argv[5], sys.argv[6] == "True"
    os.environ["DJANGO_SETTINGS_MODULE"] = "imsite.settings"
    import django

    django.setup()
    from django.db import connection

    from chat.models.partitions import LARGE_TABLES
    from delivery.db.partitioning.upkeep import maintain
    from tests.load.big_tables.reads import Readers, all_reads
    from tests.load.big_tables.rows import Size, fill

    def make_partitions() -> None:
        for table in LARGE_TABLES:
            maintain(table)

    fill(Size.of(messages, rows), make_partitions)
    if pauses:
        print("Filled. Press Enter to measure.", file=sys.stderr, flush=True)
        sys.stdin.readline()
    if messages < SMALL:
        # Otherwise PostgreSQL reads small tables as a whole, and hides that an index is missing.
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
    reads = all_reads(Readers.find())
    found = {read.name: _measure(read, rounds) for read in reads}
    faults = [fault for read in reads for fault in _faults(read, found[read.name][1])]
    if plans:
        _write(Path(plans), {name: recording for name, (_, recording) in found.items()})
    if scaled > 1:
        with connection.cursor() as cursor:
            cursor.execute(_SCALE, [scaled])
        # A new session, without the figures that this one has kept.
        connection.close()
        faults += [f"with more rows expected, {fault}" for read in reads for fault in _faults(read, _record(read))]
    figures: dict[str, Any] = {
        "reads": {name: {"cell": _cell(seconds, recording)} for name, (seconds, recording) in found.items()},
        "faults": faults,
    }
    print(json.dumps(figures))


def _measure(read: Read, rounds: int) -> tuple[list[float], Recording]:
    """Return the seconds that it took, in ascending order, and how it was executed once more."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        read.run()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds), _record(read)


def _record(read: Read) -> Recording:
    from tests.support.plans import recorded_plans

    with recorded_plans() as recording:
        read.run()
    return recording


def _faults(read: Read, recording: Recording) -> list[str]:
    if read.bound is None or recording.examined <= read.bound:
        return []
    return [f"{read.name} reads {recording.examined:,} rows, more than {read.bound:,}"]


def _cell(seconds: list[float], recording: Recording) -> str:
    times = " / ".join(f"{measurements.percentile(seconds, share) * 1000:.1f}" for share in (0.5, 0.95))
    partitions = f"{recording.partitions('chat_message')}, {recording.partitions('delivery_event')}"
    return f"{times}; {recording.examined:,}; {recording.buffers:,}; {partitions}"


def _write(path: Path, found: dict[str, Recording]) -> None:
    with path.open("w") as file:
        for name, recording in found.items():
            for plan in recording.plans:
                file.write(f"## {name}\n{plan.sql}\n{json.dumps(plan.root, indent=1)}\n")


if __name__ == "__main__":
    main()
