"""Measured costs from which `manage.py sizing` computes, each with its date, machine and source.

Where measurements differ, the most expensive one of a quiet site counts. Measure again after changes that matter, and
copy the output of `manage.py sizing` and of `--costs` into `deploy/sizing.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

_MACHINE = "x86_64, 2 shared virtual cores, Python 3.11"


@dataclass(frozen=True)
class Cost:
    """One measured cost. `source`: the section that has the figure, and the command that measures it."""

    value: float
    unit: str
    meaning: str
    date: str
    source: str
    machine: str = _MACHINE


CPU_PER_CONNECTION = Cost(
    2.1,
    "µs/s",
    "CPU of an idle connection with its heartbeats, each second",
    "2026-11-30",
    "DESIGN, Where the time goes: 100,000 connections take 0.21 of a core (`make million`)",
)
CPU_PER_LOG_IN = Cost(
    2250,
    "µs",
    "CPU of a log-in, with the connection",
    "2026-11-30",
    "DESIGN, Where the time goes (`make million`, 7 nodes)",
)
CPU_PER_SEND = Cost(
    600,
    "µs",
    "CPU of a message on the node that gets it, without a commit of its own",
    "2026-11-30",
    "DESIGN, Where the time goes: `messages/` by 64 callers (`make loadtest`)",
)
CPU_PER_INDEXED_MESSAGE = Cost(
    28, "µs", "CPU of a message in the index of the search", "2026-11-30", "DESIGN, Other systems: Search, 20 to 28 µs"
)
CPU_PER_COMMIT = Cost(
    1450,
    "µs",
    "CPU of a commit on its node",
    "2026-11-30",
    "DESIGN, Where the time goes: storing one alone, 800 to 1,450 µs (`python -m tests.load.commit_cpu`)",
)
CPU_PER_DELIVERY = Cost(
    18.3,
    "µs",
    "CPU of a delivery to a connection that gets little else; in busy channels 1 to 9 µs",
    "2026-11-20",
    "DESIGN, Many nodes: 25 messages a second to 400 users (`make bench-cluster`)",
)
CPU_PER_ANNOUNCED_COMMIT = Cost(
    967,
    "µs",
    "CPU of a commit on each other node, if it has receivers there",
    "2026-12-01",
    "DESIGN, Many nodes: (3,467 - 1,533) µs more with four nodes, times 1.5 messages a commit, by three others "
    "(`make bench-cluster`, one short round)",
)
CPU_PER_IDLE_NODE = Cost(
    0.8, "% of a core", "CPU of an idle node", "2026-11-30", "DESIGN, Many nodes (`python -m tests.load.process_costs`)"
)
MIB_PER_NODE = Cost(
    208, "MiB", "memory of a node that has worked hard", "2026-11-20", "DESIGN, Costs (`make bench-group`, RSS)"
)
KIB_PER_CONNECTION = Cost(
    8.3,
    "KiB",
    "memory of an idle connection with a browser's headers, on its node",
    "2026-11-30",
    "README, Measured (`make loadtest ARGS=idle`)",
)
KERNEL_KIB_PER_CONNECTION = Cost(
    11.4,
    "KiB",
    "memory of a connection in the kernel; with the memory of the load client",
    "2026-11-30",
    "DESIGN, Where the time goes: 16.9 KiB of the machine, less 5.5 of the nodes (`make million`)",
)
REDIS_CPU_PER_ANNOUNCED_COMMIT = Cost(
    50,
    "µs",
    "Redis's CPU of a commit, for each node",
    "2026-12-01",
    "DESIGN, Many nodes: 33 µs a message, 3.0 messages a commit, two nodes (`make bench-cluster`)",
)
REDIS_BYTES_PER_USER = Cost(
    490, "bytes", "Redis's memory of an online user", "2026-12-01", "`python -m tests.load.storage_costs`"
)
POSTGRES_CPU_PER_COMMIT = Cost(
    1080,
    "µs",
    "PostgreSQL's CPU of a commit",
    "2026-12-01",
    "DESIGN, Many nodes: (767 - 47) µs a message, 1.5 messages a commit, four nodes (`make bench-cluster`)",
)
POSTGRES_CPU_PER_MESSAGE = Cost(
    47,
    "µs",
    "PostgreSQL's CPU of a message in a large commit",
    "2026-12-01",
    "DESIGN, Many nodes: batches of 200 (`python -m tests.load.log_ceiling`)",
)
DATABASE_BYTES_PER_MESSAGE = Cost(
    1334,
    "bytes",
    "disk of a message of 100 characters with its event and all indexes, that of the search included",
    "2026-12-01",
    "`python -m tests.load.storage_costs`",
)
BYTES_PER_PUSH = Cost(
    321, "bytes", "JSON push of a message of 100 characters", "2026-12-01", "`python -m tests.load.storage_costs`"
)
BYTES_PER_PACKET = Cost(
    78,
    "bytes",
    "headers around a push: WebSocket 4, TLS 1.3 22, TCP with time stamps 32, IPv4 20",
    "2026-12-01",
    "computed from the formats",
    "none",
)
BYTES_PER_ANNOUNCEMENT = Cost(
    273, "bytes", "announcement of that message to a node", "2026-12-01", "`python -m tests.load.storage_costs`"
)
LOG_MESSAGES_PER_SECOND = Cost(
    9773,
    "messages/s",
    "messages that passed the one counter row of the event log; a floor, the cores were the limit",
    "2026-12-01",
    "DESIGN, Many nodes: two processes, batches of 50 (`python -m tests.load.log_ceiling`)",
)
LOG_COMMITS_PER_SECOND = Cost(
    837,
    "commits/s",
    "commits that passed it; a floor as well",
    "2026-12-01",
    "DESIGN, Many nodes: four processes, batches of 1 (`python -m tests.load.log_ceiling`)",
)

MEASURED_NODES = 7
"""The largest cluster that has been measured, with idle connections (`make million`)."""
COSTS: tuple[Cost, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Cost))
"""All of them, in the order above."""
