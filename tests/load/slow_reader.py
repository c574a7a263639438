"""A connection that never reads is closed at its limit, and the server's memory stays flat.

`python -m tests.load.slow_reader` runs it at full size; tests/load/test_slow_reader.py runs it small.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tests.load import measurements
from tests.load.channel_delivery import Load, guests, received
from tests.load.json_load_client import connect
from tests.support.site import Site

_RECEIVE_BUFFER = 4096
# The kernel's send buffer takes megabytes before the server notices, so the messages are long: 18 KiB.
_PADDING = "慢" * 6000
_AFTERWARDS = 1.0
"""Seconds of load after the connection is closed."""


@dataclass(frozen=True)
class Outcome:
    """The result for the slow reader and for the others."""

    close_code: int | None
    closed_after_s: float | None
    """Seconds of load until the server closed it, or None if it never did."""
    rss_growth: int
    """The largest growth of the server in bytes."""
    lost: int
    repeated: int
    disordered: int
    disconnected: int
    """The number of other connections that the server closed."""
    p99_ms: float


async def run(site: Site, load: Load) -> Outcome:
    """Load the app's channel while one more guest has stopped reading."""
    latencies: list[float] = []
    async with guests([site.port], load.connections, batch=load.batch, latencies=latencies) as clients:
        slow = await connect(site.port, "slow reader", receive_buffer=_RECEIVE_BUFFER)
        await asyncio.sleep(0.5)
        slow.pause()
        base = peak = measurements.resident_bytes(site.pid)
        latencies.clear()
        start, gone, sent = time.perf_counter(), None, 0
        while sent < load.messages and (gone is None or time.perf_counter() - start < gone + _AFTERWARDS):
            number, sent = sent, sent + 1
            delay = start + number / load.rate - time.perf_counter()
            if delay > 0:
                await asyncio.sleep(delay)
            clients[number % load.senders].say(number, _PADDING)
            if number % 20 == 0:
                peak = max(peak, measurements.resident_bytes(site.pid))
                if gone is None and not _server_holds(site.port, slow.port):
                    gone = time.perf_counter() - start
        await received(clients, sent)
        peak = max(peak, measurements.resident_bytes(site.pid))
        slow.resume()
        code = await asyncio.wait_for(slow.ended, 30)
        acknowledged = set().union(*(client.own for client in clients))
        return Outcome(
            close_code=code,
            closed_after_s=gone,
            rss_growth=peak - base,
            lost=sent - len(acknowledged) + sum(client.lost(acknowledged) for client in clients),
            repeated=sum(client.repeated for client in clients),
            disordered=sum(client.disordered for client in clients),
            disconnected=sum(client.ended.done() for client in clients),
            p99_ms=measurements.percentile(sorted(latencies), 0.99),
        )


def _server_holds(port: int, client_port: int) -> bool:
    """Return whether the server's end of that connection is still established (state 01 of the kernel's table)."""
    ends = (f"0100007F:{port:04X}", f"0100007F:{client_port:04X}")
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(tuple(fields[1:3]) == ends and fields[3] == "01" for fields in map(str.split, lines))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=40)
    options = parser.parse_args()
    load = Load(options.connections, options.rate, options.seconds, min(20, options.connections), batch=False)
    with tempfile.TemporaryDirectory(prefix="imsite-load-") as directory:
        site = Site(Path(directory))
        site.manage("setup")
        with site:
            outcome = uvloop.run(run(site, load))
    print(measurements.table({**measurements.environment(), **vars(outcome)}))
    faults = outcome.lost, outcome.repeated, outcome.disordered, outcome.disconnected
    return 1 if any(faults) or outcome.closed_after_s is None else 0


if __name__ == "__main__":
    sys.exit(main())
