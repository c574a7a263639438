"""`make bench-cluster`: the same load on one node alone and on clusters of two and four, in one run.

All users are in one channel, spread evenly over the nodes, on a private PostgreSQL. CPU is that of the nodes'
processes; that of Redis and of PostgreSQL is listed separately. A commit's CPU is spent once per message, so there are
two figures: per message and per delivery. Exits with 1 on any lost, repeated or misplaced message.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import uvloop

from tests.load import measurements
from tests.load.channel_delivery import Load, guests, received, send
from tests.support import postgres
from tests.support.cluster import Cluster
from tests.support.monitoring import metrics
from tests.support.redis import RedisServer
from tests.support.site import Site

_SETTLE = 6.0
"""Seconds in which the background writes of logins finish."""
_IDLE = 3.0
"""Seconds without messages, to measure the cost of following other nodes."""
_ARRANGEMENTS: dict[str, tuple[int, str]] = {
    "one node": (1, ""),
    "two nodes, pubsub": (2, "pubsub"),
    "four nodes, pubsub": (4, "pubsub"),
    "two nodes, queue": (2, "queue"),
}
"""Number of nodes and channel layer by name."""


@dataclass
class Cost:
    """The cost of one arrangement of nodes over all its rounds."""

    messages: int = 0
    deliveries: int = 0
    commits: float = 0
    seconds: float = 0
    cpu: float = 0
    idle: float = 0
    redis: float = 0
    postgres: float = 0
    repairs: float = 0
    faults: int = 0
    latencies: list[float] = field(default_factory=list)

    def __iadd__(self, other: Cost) -> Cost:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    @property
    def per_delivery(self) -> float:
        """Microseconds of CPU on the nodes."""
        return self.cpu / max(1, self.deliveries) * 1e6

    def row(self, ratios: Sequence[float]) -> list[str]:
        messages = max(1, self.messages)
        latencies = sorted(self.latencies)
        return [
            f"{self.deliveries / self.seconds:,.0f}",
            f"{self.cpu / messages * 1e6:,.0f}",
            f"{self.per_delivery:.2f}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
            " / ".join(f"{measurements.percentile(latencies, share):.0f}" for share in (0.5, 0.99)),
            f"{self.redis / messages * 1e6:.0f}" if self.redis else "–",
            f"{self.postgres / messages * 1e6:.0f}",
            f"{self.messages / max(1.0, self.commits):.1f}",
            f"{self.repairs:.0f}",
            f"{self.idle / len(ratios):.1%}",
        ]


_HEAD = [
    "",
    "deliveries/s",
    "CPU µs per message",
    "CPU µs per delivery",
    "against one node: median of the rounds",
    "latency ms p50 / p99",
    "Redis CPU µs per message",
    "PostgreSQL CPU µs per message",
    "messages per commit",
    "repairs",
    "idle CPU of one core",
]


async def measure(nodes: Sequence[Site], redis: RedisServer | None, postgres_pid: int, load: Load) -> Cost:
    def cpu() -> float:
        return sum(measurements.cpu_seconds(node.pid) for node in nodes)

    def counted(name: str) -> float:
        return sum(metrics(node.url)[name] for node in nodes)

    latencies: list[float] = []
    ports = [node.port for node in nodes]
    async with guests(ports, load.connections, batch=load.batch, latencies=latencies) as clients:
        await asyncio.sleep(_SETTLE)
        idle = cpu()
        await asyncio.sleep(_IDLE)
        idle = (cpu() - idle) / _IDLE
        commits, repairs = (
            counted(name) for name in ("imsite_commit_seconds_count", "imsite_log_catchup_events_total")
        )
        began, start = cpu(), time.perf_counter()
        redis_began = measurements.cpu_seconds(redis.pid) if redis is not None else 0.0
        postgres_began = measurements.tree_cpu_seconds(postgres_pid)
        await send(clients, load)
        await received(clients, load.messages)
        acknowledged = set().union(*(client.own for client in clients))
        faults = load.messages - len(acknowledged)
        faults += sum(client.lost(acknowledged) + client.repeated + client.disordered for client in clients)
        return Cost(
            messages=len(acknowledged),
            deliveries=sum(client.pushes for client in clients),
            seconds=time.perf_counter() - start,
            cpu=cpu() - began,
            redis=measurements.cpu_seconds(redis.pid) - redis_began if redis is not None else 0.0,
            postgres=measurements.tree_cpu_seconds(postgres_pid) - postgres_began,
            idle=idle,
            commits=counted("imsite_commit_seconds_count") - commits,
            repairs=counted("imsite_log_catchup_events_total") - repairs,
            faults=faults,
            latencies=latencies,
        )


def run(count: int, layer: str, load: Load) -> Cost:
    """Run with its own database and processes."""
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-cost-")))
        url = stack.enter_context(postgres.database("cost"))
        site = Site(data, database_url=url)
        site.manage("setup")
        if count == 1:
            stack.enter_context(site)
            return uvloop.run(measure([site], None, postgres.server_pid(url), load))
        cluster = stack.enter_context(Cluster(data, count=count, database_url=url, options={"IM_CHANNEL_LAYER": layer}))
        return uvloop.run(measure(cluster.nodes, cluster.redis, postgres.server_pid(url), load))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--rate", type=float, default=50, help="messages a second, all senders together")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--senders", type=int, default=40)
    parser.add_argument("--batch", action="store_true", help="connect with /acc?batch=1")
    parser.add_argument("--rounds", type=int, default=2, help="rounds over all arrangements, so that all see the same")
    parser.add_argument("--only", help="measure arrangements with this in their name only, beside the one node")
    options = parser.parse_args()
    load = Load(options.connections, options.rate, options.seconds, options.senders, options.batch)
    chosen = {name: kind for name, kind in _ARRANGEMENTS.items() if kind[0] == 1 or (options.only or "") in name}
    costs = {name: Cost() for name in chosen}
    ratios: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(options.rounds):
        # Each round has its own run on one node: the machine's speed changes within a minute.
        round_costs = {name: run(*kind, load) for name, kind in chosen.items()}
        for name, cost in round_costs.items():
            costs[name] += cost
            ratios[name].append(cost.per_delivery / round_costs["one node"].per_delivery)
    environment = measurements.environment()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("channels-redis", "redis", "grpcio"))
    print(f"{environment['date']}; {environment['machine']}; {environment['versions']}, {libraries}; PostgreSQL")
    print(f"{load.connections} connections, {load.rate:g} messages/s for {options.rounds} x {load.seconds:g} s\n")
    rows = [_HEAD, ["---"] * len(_HEAD)]
    rows += [[name, *cost.row(ratios[name])] for name, cost in costs.items()]
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    faults = sum(cost.faults for cost in costs.values())
    if faults:
        print(f"FAILED: {faults} messages refused, lost, repeated or out of order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
