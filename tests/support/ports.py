"""Loopback ports for servers that tests start."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
from collections.abc import Iterator

_RANGE = range(10_000, 32_000)
"""Below the ports of outgoing connections (on Linux from 32,768 on), which could take a port before its server does."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that no process listens on.

    It is not returned again in the next thousands of calls.
    """
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of this many free ports in a row."""
    while True:
        ports = list(itertools.islice(_own, count))
        try:
            with contextlib.ExitStack() as probes:
                for port in ports:
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            continue
        if ports == list(range(ports[0], ports[0] + count)):
            return ports[0]


def _of_this_process() -> Iterator[int]:
    """Yield this worker's share of the ports, from a random one on.

    Each worker of a run has its own share, and so has a run on SQLite beside one on PostgreSQL.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = len(_RANGE) // workers // 2
    half = len(_RANGE) // 2 if os.environ.get("TEST_DATABASE") == "postgres" else 0
    mine = list(_RANGE[half + number * share : half + (number + 1) * share])
    start = random.randrange(share)
    return itertools.cycle(mine[start:] + mine[:start])


_own = _of_this_process()
