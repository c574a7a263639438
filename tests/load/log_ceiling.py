"""`python -m tests.load.log_ceiling` measures how many messages a second pass the event log's counter row.

Several processes commit batches at once, as fast as they can, each to a channel of its own, so that they share only the
counter row. Then they append events alone, which is what a commit does while it holds the counter: this bounds the
rate however many cores the writers have. There are no clients and no deliveries. The database is a private PostgreSQL
that flushes nothing unless TEST_POSTGRES_URL names another server, and is created anew; on few cores the processes'
own CPU may be the limit.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.load import measurements
from tests.support import postgres
from tests.support.site import Site

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
_WRITERS = (1, 2, 4)
_BATCHES = (1, 10, 50, 200)


def write(batch: int, seconds: float, *, only_events: bool) -> None:
    """Commit batches for that long after a line on standard input, and print the number of messages and the time."""
    import django

    django.setup()
    from accounts.actions import user_register
    from chat.actions.channel import channel_create_private
    from chat.sending.drafts import Draft
    from chat.sending.writer import commit
    from delivery import log
    from delivery.db import transactions
    from delivery.log import Entry

    names = [f"writer{os.getpid()}{side}" for side in ("a", "b")]
    sender, other = (user_register(username=name, password="a good password") for name in names)
    channel = channel_create_private(creator=sender, other=other)[0].pk

    def drafts() -> list[Draft]:
        return [Draft(sender=sender.pk, channel=channel, text="hello there") for _ in range(batch)]

    def append() -> None:
        entries = [Entry("message", channel=channel, body={"msg": "hello there", "seq": 1}) for _ in range(batch)]
        with transactions.write():
            log.append(entries)

    def store() -> None:
        commit(drafts())

    step = append if only_events else store
    step()
    print("ready", flush=True)
    sys.stdin.readline()
    began, messages = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        step()
        messages += batch
    print(messages, time.perf_counter() - began, flush=True)


def run(url: str, data: Path, writers: int, batch: int, seconds: float, *, only_events: bool) -> list[str]:
    """Return a row of the table."""
    command = [sys.executable, "-m", "tests.load.log_ceiling", "--write", str(batch), "--seconds", str(seconds)]
    command += ["--only-events"] if only_events else []
    processes = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DATABASE_URL": url, "IM_DATA_DIR": str(data)},
        )
        for _ in range(writers)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    server = postgres.server_pid(url)
    began = measurements.tree_cpu_seconds(server)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    results = [process.communicate()[0].split() for process in processes]
    postgres_cpu = measurements.tree_cpu_seconds(server) - began
    messages = sum(int(result[0]) for result in results)
    rate = sum(int(result[0]) / float(result[1]) for result in results)
    return [
        "events alone" if only_events else "messages",
        str(writers),
        str(batch),
        f"{rate / batch:,.0f}",
        f"{rate:,.0f}",
        f"{postgres_cpu / messages * 1e6:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="duration of each measurement (default: 5)")
    parser.add_argument("--write", type=int, metavar="BATCH", help=argparse.SUPPRESS)
    parser.add_argument("--only-events", action="store_true", help="append events alone, without the messages' rows")
    options = parser.parse_args()
    if options.write:
        write(options.write, options.seconds, only_events=options.only_events)
        return
    print(measurements.table(measurements.environment()), end="\n\n")
    head = [
        "what",
        "writing processes",
        "messages per commit",
        "commits/s",
        "messages/s",
        "PostgreSQL CPU µs per message",
    ]
    print(f"| {' | '.join(head)} |\n| {' | '.join(['---'] * len(head))} |")
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("ceiling"))
        Site(data, database_url=url).manage("setup")
        for only_events in (True,) if options.only_events else (False, True):
            for writers in _WRITERS:
                for batch in _BATCHES:
                    row = run(url, data, writers, batch, options.seconds, only_events=only_events)
                    print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
