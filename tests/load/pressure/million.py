"""`make million` holds as many logged-in connections as this machine bears, and broadcasts one message to all.

Each server and client process has fewer than 20,000 descriptors, so there are several of both; the nodes share a
private PostgreSQL and Redis. Exits with 1 if a connection was lost or the broadcast did not reach each once. If it
stops short, the report says where and why.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import secrets
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tests.load import measurements
from tests.load.pressure import held_connections
from tests.load.pressure.held_connections import CONNECTED, HEARTBEATS, LOST, REACHED, REPEATED, Holding
from tests.load.pressure.report import RESULTS
from tests.support import postgres
from tests.support.cluster import Cluster
from tests.support.site import Site

PER_PROCESS = 18_000
_OPTIONS = {
    "IM_MAX_CONNECTIONS": "19000",
    "IM_MAX_CONNECTIONS_PER_ADDRESS": "100000",
    "IM_LOGIN_TIMEOUT": "300",
    "IM_PING_INTERVAL": "120",
    "IM_DB_THREADS": "2",
}
_NODE_KIB = 900 * 1024
"""Memory for which a node is started: its own, and that of its connections."""
_MINIMUM_AVAILABLE_SHARE = 0.08
"""Part of the memory at which no more connections are opened."""
_POLL_SECONDS = 0.5
_BROADCAST_PATIENCE = 60.0


def _memory() -> tuple[int, int]:
    """Return total and available memory in KiB."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return values["MemTotal"], values["MemAvailable"]


class Holders:
    """The client processes, started one after the other."""

    def __init__(self, marker: bytes, heartbeat_seconds: float) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._marker, self._heartbeat = marker, heartbeat_seconds
        self._stop = self._context.Event()
        self._results: Any = self._context.Queue()
        self._counters: list[Any] = []
        self._processes: list[Any] = []
        self.reasons: list[str] = []
        """Reasons for stopping short."""

    def total(self, counter: int) -> int:
        return sum(int(counters[counter]) for counters in self._counters)

    @property
    def resident_bytes(self) -> int:
        return sum(measurements.resident_bytes(process.pid) for process in self._processes)

    @property
    def cpu(self) -> float:
        return sum(measurements.cpu_seconds(process.pid) for process in self._processes)

    def open(self, ports: Sequence[int], count: int) -> None:
        """Open connections to the nodes in turn, until there are enough or the machine bears no more."""
        with tqdm(desc="log in", total=count, disable=None) as bar:
            for index in range(-(-count // PER_PROCESS)):
                self._start(index, ports[index % len(ports)], min(PER_PROCESS, count - index * PER_PROCESS))
                while self._results.empty():
                    bar.n = self.total(CONNECTED)
                    bar.refresh()
                    time.sleep(_POLL_SECONDS)
                    if not self._processes[-1].is_alive():
                        self._results.put(f"client process {index} ended with {self._processes[-1].exitcode}")
                if reason := self._results.get():
                    self.reasons.append(reason)
                total, available = _memory()
                if available < total * _MINIMUM_AVAILABLE_SHARE:
                    self.reasons.append(f"memory: {available >> 10} of {total >> 10} MiB available")
                if self.reasons:
                    return

    def _start(self, index: int, port: int, count: int) -> None:
        holding = Holding(port, f"127.0.0.{index + 2}", count, index * PER_PROCESS, self._marker, self._heartbeat)
        counters = self._context.RawArray("Q", 5)
        arguments = (holding, counters, self._results, self._stop)
        process = self._context.Process(target=held_connections.run, args=arguments, daemon=True)
        process.start()
        self._counters.append(counters)
        self._processes.append(process)

    def close(self) -> None:
        self._stop.set()
        for process in self._processes:
            process.join(30)
            if process.is_alive():
                process.kill()


def _broadcast(port: int, text: str) -> None:
    form = urllib.parse.urlencode({"appID": 101, "userID": "system", "msgID": secrets.token_hex(8), "message": text})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/user/sendMessageAll", form.encode(), timeout=60) as reply:
        answer = json.load(reply)
    if answer["code"] != 200:
        raise RuntimeError(f"the broadcast was refused: {answer}")


def measure(nodes: Sequence[Site], count: int, hold_seconds: float, heartbeat_seconds: float) -> dict[str, object]:
    """Open, hold, broadcast; return the figures."""
    text = f"broadcast {secrets.token_hex(8)}"
    pids = [node.pid for node in nodes]
    empty = sum(map(measurements.resident_bytes, pids))
    before, cpu = _memory()[1], sum(map(measurements.cpu_seconds, pids))
    with contextlib.closing(Holders(text.encode(), heartbeat_seconds)) as holders:
        began = time.perf_counter()
        holders.open([node.port for node in nodes], count)
        opened = time.perf_counter() - began
        cpu = sum(map(measurements.cpu_seconds, pids)) - cpu
        connected = holders.total(CONNECTED)
        servers = sum(map(measurements.resident_bytes, pids)) - empty
        idle_from = sum(map(measurements.cpu_seconds, pids))
        time.sleep(hold_seconds)
        idle = sum(map(measurements.cpu_seconds, pids)) - idle_from
        sent = time.perf_counter()
        _broadcast(nodes[0].port, text)
        while holders.total(REACHED) < connected and time.perf_counter() - sent < _BROADCAST_PATIENCE:
            time.sleep(0.02)
        reached_in = time.perf_counter() - sent
        each = max(1, connected)
        return {
            **measurements.environment(),
            "nodes": len(nodes),
            "connections wanted": count,
            "connections held": connected,
            "reached by the broadcast": holders.total(REACHED),
            "reached more than once": holders.total(REPEATED),
            "lost": holders.total(LOST),
            "seconds until all were reached": round(reached_in, 2),
            "log-ins a second": round(connected / opened),
            "server CPU ms per log-in": round(cpu / each * 1e3, 2),
            "heartbeats answered": holders.total(HEARTBEATS),
            "server CPU of a core while held": f"{idle / hold_seconds:.1%}" if hold_seconds else "–",
            "KiB per connection, servers": round(servers / 1024 / each, 1),
            "KiB per connection, whole machine": round((before - _memory()[1]) / each, 1),
            "client RSS MiB": holders.resident_bytes >> 20,
            "client CPU s": round(holders.cpu, 1),
            "stopped short because": "; ".join(holders.reasons) or "–",
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument(
        "--nodes", type=int, default=0, help=f"default: one for each {PER_PROCESS} connections, as memory allows"
    )
    parser.add_argument("--hold", type=float, default=600, help="seconds from the last log-in to the broadcast")
    parser.add_argument("--heartbeat", type=float, default=120, help="seconds between a connection's heartbeats")
    options = parser.parse_args()
    # Further nodes could not be filled.
    count = options.nodes or min(-(-options.connections // PER_PROCESS), max(1, _memory()[1] // _NODE_KIB))
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-million-")))
        url = stack.enter_context(postgres.database("million"))
        Site(data, database_url=url).manage("setup")
        cluster = stack.enter_context(Cluster(data, count=count, database_url=url, options=_OPTIONS))
        result = measure(cluster.nodes, options.connections, options.hold, options.heartbeat)
    print(measurements.table(result))
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "million.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    is_complete = result["reached by the broadcast"] == result["connections held"]
    return 0 if is_complete and not result["lost"] and not result["reached more than once"] else 1


if __name__ == "__main__":
    sys.exit(main())
