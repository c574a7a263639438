"""`python -m tests.load.channel_delivery` runs many guests in one channel of one process.

It exits 1 on a lost, repeated or misplaced message.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tests.load import measurements
from tests.load.json_load_client import JsonLoadClient, connect
from tests.support import postgres
from tests.support.site import Site

_LOGINS_AT_A_TIME = 50
_SAMPLED = 20
"""Connections whose every message is timed."""


@dataclass(frozen=True)
class Load:
    connections: int
    rate: float
    seconds: float
    senders: int
    batch: bool

    @property
    def messages(self) -> int:
        return int(self.rate * self.seconds)


@contextlib.asynccontextmanager
async def guests(
    ports: Sequence[int], count: int, *, batch: bool, latencies: list[float]
) -> AsyncIterator[list[JsonLoadClient]]:
    """Log in this many guests, on the ports in turn, and wait until the pushes of their arrival are over."""
    gate = asyncio.Semaphore(_LOGINS_AT_A_TIME)

    async def enter(number: int) -> JsonLoadClient:
        async with gate:
            sample = latencies.append if number % max(1, count // _SAMPLED) == 0 else None
            return await connect(ports[number % len(ports)], f"guest {number}", batch=batch, sample=sample)

    clients = await asyncio.gather(*(enter(number) for number in range(count)))
    try:
        await _quiet(clients)
        yield clients
    finally:
        for client in clients:
            client.close()


async def _quiet(clients: list[JsonLoadClient]) -> None:
    """Wait until no connection has received a frame for a second."""
    before = -1
    while (now := sum(client.frames for client in clients)) != before:
        before = now
        await asyncio.sleep(1)


async def send(clients: list[JsonLoadClient], load: Load) -> None:
    """Send at a steady pace, independent of the server; catch up when late."""
    senders = clients[: load.senders]
    start = time.perf_counter()
    for number in range(load.messages):
        delay = start + number / load.rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        senders[number % len(senders)].say(number)


async def received(clients: list[JsonLoadClient], messages: int, patience: float = 15.0) -> None:
    """Wait until every message is acknowledged and delivered to everyone, or nothing more has arrived for a while."""
    last, since = -1, time.perf_counter()
    while True:
        pushes = sum(client.pushes for client in clients)
        answered = sum(len(client.own) + len(client.refused) for client in clients)
        if answered >= messages and pushes >= messages * (len(clients) - 1):
            return
        if pushes != last:
            last, since = pushes, time.perf_counter()
        elif time.perf_counter() - since > patience:
            return
        await asyncio.sleep(0.05)


async def measure(site: Site, load: Load) -> dict[str, object]:
    """Run the load against a running site and return the figures."""
    latencies: list[float] = []
    empty_rss = measurements.resident_bytes(site.pid)
    async with guests([site.port], load.connections, batch=load.batch, latencies=latencies) as clients:
        rss = measurements.resident_bytes(site.pid)
        idle_from = measurements.cpu_seconds(site.pid)
        await asyncio.sleep(2)
        idle = (measurements.cpu_seconds(site.pid) - idle_from) / 2
        cpu, client_cpu, start = measurements.cpu_seconds(site.pid), measurements.own_cpu_seconds(), time.perf_counter()
        frames = sum(client.frames for client in clients)
        latencies.clear()
        await send(clients, load)
        await received(clients, load.messages)
        elapsed = time.perf_counter() - start
        cpu, client_cpu = measurements.cpu_seconds(site.pid) - cpu, measurements.own_cpu_seconds() - client_cpu
        frames = sum(client.frames for client in clients) - frames
        end_rss = measurements.resident_bytes(site.pid)
        acknowledged = set().union(*(client.own for client in clients))
        deliveries = sum(client.pushes for client in clients)
        latencies.sort()
        return {
            **measurements.environment(),
            "load": f"{load.connections} connections, {load.rate:g} messages/s for {load.seconds:g} s from "
            f"{load.senders} senders, {'' if load.batch else 'not '}batched",
            "messages": len(acknowledged),
            "refused": load.messages - len(acknowledged),
            "deliveries": deliveries,
            "frames": frames,
            "lost": sum(client.lost(acknowledged) for client in clients),
            "repeated": sum(client.repeated for client in clients),
            "out of order": sum(client.disordered for client in clients),
            "disconnected": sum(client.ended.done() for client in clients),
            "elapsed s": round(elapsed, 2),
            "server CPU s": round(cpu, 2),
            "server CPU of one core": f"{cpu / elapsed:.0%} (idle {idle:.1%})",
            "server CPU µs per delivery": round(cpu / max(1, deliveries) * 1e6, 2),
            "server CPU µs per message": round(cpu / max(1, len(acknowledged)) * 1e6),
            "client CPU of one core": f"{client_cpu / elapsed:.0%}",
            "latency ms p50 / p99 / max": " / ".join(
                f"{value:.1f}" for value in (*(measurements.percentile(latencies, share) for share in (0.5, 0.99, 1)),)
            ),
            "server RSS MiB": f"{empty_rss >> 20} empty, {rss >> 20} with everybody, {end_rss >> 20} after",
            "KiB per connection": round((rss - empty_rss) / 1024 / load.connections, 1),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100, help="messages a second, all senders together")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--senders", type=int, default=50)
    parser.add_argument("--batch", action="store_true", help="connect with /acc?batch=1")
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    load = Load(
        options.connections, options.rate, options.seconds, min(options.senders, options.connections), options.batch
    )
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("load")) if options.postgres else ""
        site = Site(data, database_url=url)
        site.manage("setup")
        stack.enter_context(site)
        result = uvloop.run(measure(site, load))
    result["database"] = "PostgreSQL" if options.postgres else "SQLite"
    print(json.dumps(result, indent=2) if options.json else measurements.table(result))
    faults = [name for name in ("refused", "lost", "repeated", "out of order", "disconnected") if result[name]]
    if faults:
        print("FAILED: " + ", ".join(f"{result[name]} {name}" for name in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
