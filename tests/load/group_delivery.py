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


async def measure(site: Site, options: argparse.Namespace) -> dict[str, object]:
    """Run the load against a running site and return the figures."""
    latencies: list[float] = []
    empty = measurements.resident_bytes(site.pid)
    clients = await members(site.port, options.members, acknowledge=options.acknowledge, latencies=latencies)
    try:
        resident = measurements.resident_bytes(site.pid)
        messages = int(options.rate * options.seconds)
        frames = sum(client.frames for client in clients)
        latencies.clear()
        cpu, own_cpu, start = measurements.cpu_seconds(site.pid), measurements.own_cpu_seconds(), time.perf_counter()
        await talk(clients, messages, options.rate)
        await arrived(clients, messages)
        elapsed = time.perf_counter() - start
        cpu, own_cpu = measurements.cpu_seconds(site.pid) - cpu, measurements.own_cpu_seconds() - own_cpu
        frames = sum(client.frames for client in clients) - frames
        stored = sorted(seq for client in clients for seq in client.own)
        deliveries = sum(client.pushes for client in clients)
        latencies.sort()
        return {
            **measurements.environment(),
            "load": f"{options.members} members, {options.rate:g} messages/s for {options.seconds:g} s, "
            f"{'' if options.acknowledge else 'not '}acknowledging pushes",
            "messages": len(stored),
            "refused": sum(client.refused for client in clients) + messages - len(stored),
            "deliveries": deliveries,
            "frames": frames,
            "lost": max(0, len(stored) * len(clients) - deliveries - len(stored)),
            "repeated or wrong": sum(client.total != sum(stored) for client in clients),
            "out of order": sum(client.disordered for client in clients),
            "disconnected": sum(client.ended.done() for client in clients),
            "elapsed s": round(elapsed, 2),
            "server CPU s": round(cpu, 2),
            "server CPU of one core": f"{cpu / elapsed:.0%}",
            "server CPU µs per delivery": round(cpu / max(1, deliveries) * 1e6, 2),
            "client CPU of one core": f"{own_cpu / elapsed:.0%}",
            "latency ms p50 / p99 / max": " / ".join(
                f"{measurements.percentile(latencies, share):.1f}" for share in (0.5, 0.99, 1)
            ),
            "server RSS MiB": f"{empty >> 20} empty, {resident >> 20} with everybody, "
            f"{measurements.resident_bytes(site.pid) >> 20} after",
        }
    finally:
        for client in clients:
            client.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--rate", type=float, default=500, help="messages a second, all members together")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--acknowledge", action="store_true", help="acknowledge what is pushed, frame by frame")
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("load")) if options.postgres else ""
        site = Site(data, database_url=url)
        site.manage("setup")
        stack.enter_context(site)
        result = uvloop.run(measure(site, options))
    result["database"] = "PostgreSQL" if options.postgres else "SQLite"
    print(json.dumps(result, indent=2) if options.json else measurements.table(result))
    faults = [name for name in ("refused", "lost", "repeated or wrong", "out of order", "disconnected") if result[name]]
    if faults:
        print("FAILED: " + ", ".join(f"{result[name]} {name}" for name in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
