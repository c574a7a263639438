"""Measures how many calls of other systems a node answers: presence of users, lists of online users, and sends.

`python -m tests.load.gateway_calls` runs callers on persistent connections against the fast path, against Django
(IM_FAST_PATH=0), and against an application on the same server that answers at once. The callers run in this process,
on another core. CPU is that of the server. Exits with 1 if an answer was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
import uvloop

from tests.load import measurements
from tests.load.channel_delivery import guests
from tests.load.http_load_client import UNIQUE, call, request
from tests.support.ports import free_port
from tests.support.rest import Service
from tests.support.shared_site import SharedSite
from tests.support.site import Site

HEAD = ("", "callers", "calls or messages a second", "share of the bare application", "CPU µs of each", "ms p50 / p99")
_RELAXED = {
    "IM_API_MESSAGE_RATE": "1000000",
    "IM_API_MESSAGE_BURST": "1000000",
    "IM_API_RATE": "1000000",
    "IM_API_BURST": "1000000",
    "IM_PING_INTERVAL": "3600",
}
BARE_ANSWER = b'{"code":200,"msg":"Success","data":{"userID":"alice","online":false}}'


BULK = json.dumps(
    {"messages": [{"to": {"user": f"alice{number}"}, "msg": "Your build is green."} for number in range(1, 201)]}
).encode()


@dataclass(frozen=True)
class Case:
    """A call: its request without the address of the site, and a part of its right answer."""

    name: str
    method: str
    path: str
    expected: bytes
    body: bytes = b""
    has_token: bool = False
    is_form: bool = False
    online: int = 0
    """Users online during the call."""
    messages: int = 1
    """Messages in a call. The table counts them instead of calls."""
    callers: tuple[int, ...] = ()
    """Numbers of callers that differ from those of the other cases."""


CASES = (
    Case("GET /healthz", "GET", "/healthz", b"ok"),
    Case("GET /user/online", "GET", "/user/online?userID=person&appID=101", b'"online":false'),
    Case("the same with a token", "GET", "/user/online?userID=person&appID=101", b'"online":false', has_token=True),
    Case("GET presence/{name}/", "GET", "/api/v1/presence/person/", b'"online":false', has_token=True),
    Case(
        "POST presence/query/, 10 names", "POST", "/api/v1/presence/query/", b'"p9":false',
        json.dumps({"users": [f"p{number}" for number in range(10)]}).encode(), has_token=True,
    ),
    Case(
        "POST /user/sendMessage", "POST", "/user/sendMessage", b'"sendResults":false',
        b"userID=alice1&message=Your+build+is+green.&msgID=" + UNIQUE, has_token=True, is_form=True,
    ),
    Case(
        "POST messages/", "POST", "/api/v1/messages/", b'"online":false',
        b'{"to": {"user": "alice1"}, "msg": "Your build is green."}', has_token=True,
    ),
    Case(
        "POST messages/bulk/, 200 messages", "POST", "/api/v1/messages/bulk/", b'"status":201',
BULK, has_token=True, messages=200, callers=(1, 8),
    ),
    Case("GET /user/list, nobody online", "GET", "/user/list?appID=101", b'"userCount":0'),
    Case("GET /user/list, 1,000 online", "GET", "/user/list?appID=101", b'"userCount":1000', online=1000),
)  # fmt: skip


async def _bare(scope: dict[str, object], receive: object, send: object) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BARE_ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": BARE_ANSWER})  # type: ignore[operator]


def _serve_bare(port: int) -> None:
    # The server's types want a complete ASGI application.
    application: object = _bare
    uvicorn.run(
        application,  # type: ignore[arg-type]
        host="127.0.0.1", port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False,
        log_level="error", proxy_headers=False, server_header=False,
    )  # fmt: skip


@contextlib.contextmanager
def bare_server() -> Iterator[tuple[int, int]]:
    """Run the bare application; yield its port and process id."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve_bare, args=(port,), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.join()


async def wait_for(port: int) -> None:
    """Wait until a server accepts connections on this port."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                return
            await asyncio.sleep(0.05)


class Measuring:
    """Runs the cases and collects the rows of the table."""

    def __init__(self, seconds: float, callers: list[int]) -> None:
        self.rows: list[tuple[str, ...]] = [HEAD, ("---",) * len(HEAD)]
        self.wrong: list[bytes] = []
        self._seconds, self.callers = seconds, callers
        self._floor: dict[int, float] = {}

    async def run(self, name: str, port: int, pid: int, case: Case, tokens: Sequence[str] = ()) -> None:
        """Run a case. Each caller has a token of its own."""
        requests = [
            request(port, case.method, case.path, token=token, body=case.body, is_form=case.is_form)
            for token in (tokens if case.has_token else [""] * max(self.callers))
        ]
        for count in case.callers or self.callers:
            await call(port, requests[:count], case.expected, 0.5)
            cpu, began = measurements.cpu_seconds(pid), time.perf_counter()
            calls = await call(port, requests[:count], case.expected, self._seconds)
            done = calls.answers * case.messages
            rate = done / (time.perf_counter() - began)
            cpu = (measurements.cpu_seconds(pid) - cpu) / max(1, done)
            self.wrong += calls.wrong[:1]
            latencies = sorted(calls.latencies)
            times = " / ".join(f"{measurements.percentile(latencies, share) * 1000:.2f}" for share in (0.5, 0.99))
            floor = self._floor.setdefault(count, rate) if case.messages == 1 else 0
            share = f"{rate / floor:.2f}" if floor else ""
            self.rows.append((name, str(count), f"{rate:,.0f}", share, f"{cpu * 1e6:,.0f}", times))
            print(f"| {' | '.join(self.rows[-1])} |", flush=True)

    async def run_cases(self, way: str, site: Site, tokens: Sequence[str], part: str) -> None:
        for case in CASES:
            if part not in case.name:
                continue
            async with (
                guests([site.port], case.online, batch=False, latencies=[]) if case.online else contextlib.nullcontext()
            ):
                await self.run(f"{case.name}, {way}", site.port, site.pid, case, tokens)


def measure(seconds: float, callers: list[int], ways: list[str], part: str) -> Measuring:
    measuring = Measuring(seconds, callers)
    with bare_server() as (port, pid):
        uvloop.run(_measure_bare(measuring, port, pid))
    for way in ways:
        with tempfile.TemporaryDirectory(prefix="imsite-calls-") as data:
            site = Site(Path(data), options={**_RELAXED, "IM_FAST_PATH": str(way == "fast path")})
            site.manage("setup")
            with site, contextlib.closing(SharedSite(site, {"alice": 200})) as shared_site:
                tokens = [Service.make(shared_site, "use_gateway").token for _ in range(max(callers))]
                uvloop.run(measuring.run_cases(way, site, tokens, part))
    return measuring


async def _measure_bare(measuring: Measuring, port: int, pid: int) -> None:
    await wait_for(port)
    await measuring.run("bare application", port, pid, Case("", "GET", "/", BARE_ANSWER))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--callers", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--only", default="", help="a part of the names of the cases to run")
    parser.add_argument("--ways", nargs="+", choices=("fast path", "Django"), default=["fast path", "Django"])
    options = parser.parse_args()
    environment = measurements.environment()
    print(f"{environment['date']}; {environment['machine']}; {environment['versions']}\n")
    measuring = measure(options.seconds, options.callers, options.ways, options.only)
    print("\n" + "\n".join(f"| {' | '.join(row)} |" for row in measuring.rows))
    for answer in measuring.wrong:
        print(f"FAILED: {answer!r}")
    return 1 if measuring.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
