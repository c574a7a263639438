"""`make bench-gateway` measures how many messages other systems can send by the REST API of a node, and their cost.

It first makes one call with a message each for 1,000 users who have no channel with the service, then the same calls
again with the private channels in place. Then several callers send single messages on persistent connections, each
waiting for its response. It runs on SQLite and on a private PostgreSQL. CPU is that of the node's process; the shares
come from a profile during the single sends. Exits with 1 if anything was refused or is missing at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import re
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.load import measurements
from tests.support import postgres
from tests.support.monitoring import get, metrics
from tests.support.rest import Service
from tests.support.shared_site import SharedSite
from tests.support.site import Site

_COUNT = """
from chat.models import Message
print(Message.objects.filter(sender__username={name!r}).count())
"""
_RELAXED = {"IM_API_RATE": "100000", "IM_API_BURST": "1000000", "IM_API_MESSAGE_RATE": "1000000"}
_PLACES = {
    "finding out who calls, and whether they may": r"^Endpoint\.initial ",
    "what the address means": r"^(look_up|_find_channels) \(",
    "the commit": r"^commit \(.*chat/sending/writer",
    "handing over to the commit and waiting": r"^commit_in_queue ",
    "the hub": r"^Hub\.\w+ ",
    "all of the call": r"^APIView\.dispatch ",
    "threads of requests, with what stands above": r"^request$",
    "the event loop": r"^MainThread$",
}
"""Patterns for the profile; each stack counts for the first frame that matches."""
_BAR = re.compile(r"<title>(.*?)\n(\d+) ms, ([\d.]+)%</title><rect x=\"([\d.]+)\" y=\"(\d+)\" width=\"([\d.]+)\"")


@dataclass
class Run:
    """One phase: the number of messages, the time and the cost."""

    messages: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    commits: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    def row(self, name: str) -> list[str]:
        latencies = sorted(self.latencies)
        return [
            name,
            f"{self.messages:,}",
            f"{self.messages / self.seconds:,.0f}",
            f"{self.cpu / max(1, self.messages) * 1e6:,.0f}",
            f"{self.messages / max(1.0, self.commits):.1f}",
            " / ".join(f"{measurements.percentile(latencies, share) * 1000:.0f}" for share in (0.5, 0.99)),
        ]


PROFILED = 5.0
"""Seconds of single sends under the profiler."""
HEAD = ["", "messages", "a second", "CPU µs per message", "messages per commit", "call ms p50 / p99"]


class Measuring:
    """Measures a phase: `with Measuring(site) as run`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.run = Run()

    def _commits(self) -> float:
        return metrics(self._site.url)["imsite_commit_seconds_count"]

    def __enter__(self) -> Run:
        self.run.commits = -self._commits()
        self.run.cpu, self.run.seconds = -measurements.cpu_seconds(self._site.pid), -time.perf_counter()
        return self.run

    def __exit__(self, *_: object) -> None:
        self.run.seconds += time.perf_counter()
        self.run.cpu += measurements.cpu_seconds(self._site.pid)
        self.run.commits += self._commits()


class Line:
    """A persistent connection of a caller."""

    def __init__(self, site: Site, shop: Service) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {shop.token}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any) -> tuple[int, Any, float]:
        raw = json.dumps(body)
        began = time.perf_counter()
        self._http.request("POST", f"/api/v1/{path}", raw, self._headers)
        reply = self._http.getresponse()
        content = reply.read()
        return reply.status, json.loads(content), time.perf_counter() - began


def bulk(site: Site, shop: Service, names: list[str], rounds: int) -> Run:
    line = Line(site, shop)
    with Measuring(site) as run:
        for number in range(rounds):
            messages = [{"to": {"user": name}, "msg": f"Order {number} for {name}"} for name in names]
            status, answer, seconds = line.post("messages/bulk/", {"messages": messages})
            run.latencies.append(seconds)
            stored = [one for one in answer.get("results", ()) if one["status"] == 201] if status == 200 else []
            run.messages += len(stored)
            run.refused += len(names) - len(stored)
    return run


def single(site: Site, shop: Service, names: list[str], callers: int, seconds: float, first: int = 0) -> Run:
    lock = threading.Lock()
    with Measuring(site) as run:
        end = time.perf_counter() + seconds

        def call(own: int) -> None:
            line, turn = Line(site, shop), first + own
            while time.perf_counter() < end:
                turn += callers
                body = {"to": {"user": names[turn % len(names)]}, "msg": "Your parcel left.", "clientMsgId": f"{turn}"}
                status, _, took = line.post("messages/", body)
                with lock:
                    run.latencies.append(took)
                    run.messages += status == 201
                    run.refused += status != 201

        threads = [threading.Thread(target=call, args=(own,)) for own in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return run


def profile(site: Site, seconds: float) -> dict[str, float]:
    """Return the shares of the node's CPU by entry of `_PLACES`."""
    bars = [
        (name, float(x), int(y), float(width))
        for name, _, _, x, y, width in _BAR.findall(get(f"{site.url}/debug/profile?seconds={seconds:g}").text)
    ]
    whole = sum(width for _, _, y, width in bars if y == min(bar[2] for bar in bars))
    shares: dict[str, float] = {}
    for place, pattern in _PLACES.items():
        taken: list[tuple[float, float]] = []
        for name, x, _, width in sorted(bars, key=lambda bar: bar[2]):
            # Only the outermost frame counts; the frames below it are included.
            if re.search(pattern, name) and not any(left <= x < right for left, right in taken):
                taken.append((x, x + width))
        shares[place] = sum(right - left for left, right in taken) / (whole or 1)
    return shares


def measure(database: str, persons: int, callers: int, seconds: float) -> tuple[list[list[str]], dict[str, float], int]:
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-gateway-")))
        url = stack.enter_context(postgres.database("gateway")) if database == "PostgreSQL" else ""
        site = Site(data, database_url=url, options=_RELAXED)
        site.manage("setup")
        stack.enter_context(site)
        shared_site = stack.enter_context(contextlib.closing(SharedSite(site, {"person": persons})))
        shop = Service.make(shared_site, "use_gateway")
        names = [shared_site.account("person").name for _ in range(persons)]
        first = bulk(site, shop, names, 1)
        again = bulk(site, shop, names, 3)
        lone = single(site, shop, names, callers, seconds)
        # The profiler runs outside the measurement because it costs CPU too.
        with ThreadPoolExecutor(1) as beside:
            more = beside.submit(single, site, shop, names, callers, PROFILED, 1_000_000)
            shares = profile(site, PROFILED - 1)
        looked = more.result()
        stored = int(shared_site.shell(_COUNT.format(name=shop.name)))
        runs = {"bulk, new channels": first, "bulk": again, f"single, {callers} callers": lone}
        faults = sum(run.refused for run in (*runs.values(), looked))
        faults += abs(stored - sum(run.messages for run in (*runs.values(), looked)))
        return [run.row(f"{database}: {name}") for name, run in runs.items()], shares, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=1000)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"))
    options = parser.parse_args()
    environment = measurements.environment()
    print(f"{environment['date']}; {environment['machine']}; {environment['versions']}\n")
    rows, faults, found = [HEAD, ["---"] * len(HEAD)], 0, {}
    for database in ("SQLite", "PostgreSQL"):
        if options.only in (None, database):
            measured, found[database], wrong = measure(database, options.persons, options.callers, options.seconds)
            rows += measured
            faults += wrong
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    for database, shares in found.items():
        print(f"\nCPU of the node during single sends, {database}; what stands in what stands here too:")
        print(measurements.table({place: f"{share:.0%}" for place, share in shares.items()}))
    if faults:
        print(f"FAILED: {faults} messages refused or not stored once")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
