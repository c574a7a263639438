"""`make bench-group`: the members of one group send over the protobuf protocol, each to all others.

They register and create the group by HTTP, as clients of that protocol do. Exits with 1 if anything was lost, repeated
or out of order.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvloop

from tests.load import measurements, raw_socket
from tests.load.protobuf_load_client import ProtobufLoadClient
from tests.support import postgres
from tests.support.site import Site

_AT_A_TIME = 20
_SAMPLED = 20
"""Connections whose every message is timed."""
_PATIENCE = 30.0
"""Seconds without a new message after which missing ones count as lost."""


async def _post(client: httpx.AsyncClient, path: str, form: Mapping[str, object], token: str = "") -> dict[str, str]:
    answer = (await client.post(path, data=form, headers={"token": token} if token else None)).json()
    if answer["code"] != 200:
        raise RuntimeError(f"{path}: {answer}")
    data: dict[str, str] = answer["data"]
    return data


async def members(port: int, count: int, *, acknowledge: bool, latencies: list[float]) -> list[ProtobufLoadClient]:
    """Register this many users, put them into one group, connect them all and wait until they are ready."""
    gate = asyncio.Semaphore(_AT_A_TIME)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as http:

        async def register(number: int) -> tuple[int, str]:
            async with gate:
                form = {"phone_number": f"1{number:010}", "nickname": f"member {number}", "password": "123"}
                made = await _post(http, "/register", form)
                return int(made["id"]), made["token"]

        people = await asyncio.gather(*(register(number) for number in range(count)))
        ids = [str(person) for person, _ in people[1:]]
        group = int((await _post(http, "/group/create", {"name": "load", "ids": ids}, people[0][1]))["id"])

    async def enter(number: int) -> ProtobufLoadClient:
        user, token = people[number]
        sample = latencies.append if number % max(1, count // _SAMPLED) == 0 else None
        member = ProtobufLoadClient(user, token, sample=sample, acknowledges=acknowledge)
        member.group = group
        async with gate:
            return await raw_socket.connect(port, "/ws", member)

    joined = await asyncio.gather(*(enter(number) for number in range(count)))
    for member in joined:
        member.sync(0)
    await asyncio.sleep(2)
    return joined


async def talk(clients: Sequence[ProtobufLoadClient], messages: int, rate: float) -> None:
    """Send in turn, at a steady pace independent of the server; catch up when late."""
    start = time.perf_counter()
    for number in range(messages):
        delay = start + number / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        clients[number % len(clients)].say(number)


async def arrived(clients: Sequence[ProtobufLoadClient], messages: int) -> None:
    """Wait until everyone has every message, or nothing more arrives."""
    last, since = -1, time.perf_counter()
    while (count := sum(client.pushes + len(client.own) for client in clients)) < messages * len(clients):
        if count != last:
            last, since = count, time.perf_counter()
        elif time.perf_counter() - since > _PATIENCE:
            return
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Load:
    """The members of the group, and what they send together."""

    members: int
    rate: float
    seconds: float
    acknowledge: bool = False
    """True if the members acknowledge what is pushed."""

    @property
    def messages(self) -> int:
        return int(self.rate * self.seconds)


@dataclass(frozen=True)
class Measured:
    """The outcome of a run. CPU and elapsed time are seconds, latencies sorted milliseconds, sizes bytes."""

    stored: int
    refused: int
    deliveries: int
    frames: int
    lost: int
    wrong: int
    disordered: int
    disconnected: int
    elapsed: float
    server_cpu: float
    client_cpu: float
    latencies: list[float]
    resident: tuple[int, int, int]
    """Memory of the empty server, with all members, and after the run."""

    @property
    def faults(self) -> list[str]:
        found = {
            "refused": self.refused,
            "lost": self.lost,
            "repeated or wrong": self.wrong,
            "out of order": self.disordered,
            "disconnected": self.disconnected,
        }
        return [f"{count} {name}" for name, count in found.items() if count]


async def measure(site: Site, load: Load) -> Measured:
    """Run the load against a running site."""
    latencies: list[float] = []
    empty = measurements.resident_bytes(site.pid)
    clients = await members(site.port, load.members, acknowledge=load.acknowledge, latencies=latencies)
    try:
        resident = measurements.resident_bytes(site.pid)
        frames = sum(client.frames for client in clients)
        latencies.clear()
        cpu, own_cpu, start = measurements.cpu_seconds(site.pid), measurements.own_cpu_seconds(), time.perf_counter()
        await talk(clients, load.messages, load.rate)
        await arrived(clients, load.messages)
        elapsed = time.perf_counter() - start
        cpu, own_cpu = measurements.cpu_seconds(site.pid) - cpu, measurements.own_cpu_seconds() - own_cpu
        stored = sorted(seq for client in clients for seq in client.own)
        deliveries = sum(client.pushes for client in clients)
        return Measured(
            stored=len(stored),
            refused=sum(client.refused for client in clients) + load.messages - len(stored),
            deliveries=deliveries,
            frames=sum(client.frames for client in clients) - frames,
            lost=max(0, len(stored) * len(clients) - deliveries - len(stored)),
            wrong=sum(client.total != sum(stored) for client in clients),
            disordered=sum(client.disordered for client in clients),
            disconnected=sum(client.ended.done() for client in clients),
            elapsed=elapsed,
            server_cpu=cpu,
            client_cpu=own_cpu,
            latencies=sorted(latencies),
            resident=(empty, resident, measurements.resident_bytes(site.pid)),
        )
    finally:
        for client in clients:
            client.close()


def rows(load: Load, run: Measured) -> dict[str, object]:
    """Return the figures for printing."""
    latencies = (measurements.percentile(run.latencies, share) for share in (0.5, 0.99, 1))
    return {
        **measurements.environment(),
        "load": f"{load.members} members, {load.rate:g} messages/s for {load.seconds:g} s, "
        f"{'' if load.acknowledge else 'not '}acknowledging pushes",
        "messages": run.stored,
        "deliveries": run.deliveries,
        "frames": run.frames,
        "faults": ", ".join(run.faults) or "none",
        "elapsed s": round(run.elapsed, 2),
        "server CPU s": round(run.server_cpu, 2),
        "server CPU of one core": f"{run.server_cpu / run.elapsed:.0%}",
        "server CPU µs per delivery": round(run.server_cpu / max(1, run.deliveries) * 1e6, 2),
        "client CPU of one core": f"{run.client_cpu / run.elapsed:.0%}",
        "latency ms p50 / p99 / max": " / ".join(f"{value:.1f}" for value in latencies),
        "server RSS MiB": "{} empty, {} with everybody, {} after".format(*(size >> 20 for size in run.resident)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--rate", type=float, default=500, help="messages a second, all members together")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--acknowledge", action="store_true", help="acknowledge what is pushed, frame by frame")
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    load = Load(options.members, options.rate, options.seconds, options.acknowledge)
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("load")) if options.postgres else ""
        site = Site(data, database_url=url)
        site.manage("setup")
        stack.enter_context(site)
        run = uvloop.run(measure(site, load))
    result = {**rows(load, run), "database": "PostgreSQL" if options.postgres else "SQLite"}
    print(json.dumps(result, indent=2) if options.json else measurements.table(result))
    if run.faults:
        print("FAILED: " + ", ".join(run.faults))
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
