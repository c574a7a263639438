"""Measures the costs of a node that does nothing: time to start, memory, and CPU while it is idle.

There is one node on SQLite, and then the workers of a cluster on PostgreSQL with Redis. Starts are second starts, with
compiled bytecode. Memory is that of each process: RSS, PSS (shared pages divided among the processes that share them)
and pages of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.load import measurements
from tests.support import postgres
from tests.support.ports import free_ports
from tests.support.redis import RedisServer
from tests.support.site import Site

REQUESTS = ("/user/online?userID=nobody", "/", "/accounts/login/", "/api/v1/channels/", "/admin/", "/api/schema/")
WORKERS = 2
_SETTLE_SECONDS = 3.0
"""Seconds in which the work of the start ends."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="duration of idleness (default: 60)")
    seconds: float = parser.parse_args().seconds
    print(measurements.table(measurements.environment()))
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        print("\nOne node, SQLite")
        _measure(Site(data / "one"), seconds)
        print(f"\n{WORKERS} workers, PostgreSQL and Redis")
        url = stack.enter_context(postgres.database("costs"))
        redis = stack.enter_context(RedisServer(data / "redis"))
        workers = Site(
            data / "workers",
            database_url=url,
            options={"REDIS_URL": redis.url, "IM_CLUSTER_SECRET": "s" * 32},
            command=("serve", "--workers", str(WORKERS)),
        )
        workers.port = free_ports(1 + WORKERS)
        _measure(workers, seconds)


def _measure(site: Site, seconds: float) -> None:
    site.manage("setup")
    with site:
        pass
    started_at = time.monotonic()
    with site:
        print(f"  start until /healthz answers      {time.monotonic() - started_at:.2f} s")
        time.sleep(_SETTLE_SECONDS)
        processes = _processes(site)
        _print_memory("after the start", processes)
        before = {pid: _cpu_nanoseconds(pid) for pid in processes}
        time.sleep(seconds)
        for pid, name in processes.items():
            used = (_cpu_nanoseconds(pid) - before[pid]) / 1e9
            print(f"  idle for {seconds:.0f} s, {name:<14} {100 * used / seconds:.2f} % of a core")
        for path in REQUESTS:
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(site.url + path).close()
        _print_memory("after requests", processes)


def _processes(site: Site) -> dict[int, str]:
    """Return the process and its children by id, with their names."""
    listed = subprocess.run(["pgrep", "-P", str(site.pid)], capture_output=True, text=True).stdout.split()
    workers = {int(pid): f"worker {number}" for number, pid in enumerate(listed, 1)}
    return {site.pid: "supervisor" if workers else "node", **workers}


def _print_memory(when: str, processes: dict[int, str]) -> None:
    for pid, name in processes.items():
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {field: int(size.split()[0]) / 1024 for field, _, size in (line.partition(":") for line in lines)}
        own = sizes["Private_Dirty"] + sizes["Private_Clean"]
        print(f"  {when}, {name:<12} RSS {sizes['Rss']:.1f}, PSS {sizes['Pss']:.1f}, own {own:.1f} MiB")


def _cpu_nanoseconds(pid: int) -> int:
    """Return the CPU time of all threads, more exact than `measurements.cpu_seconds`. Ended threads do not count."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


if __name__ == "__main__":
    main()
