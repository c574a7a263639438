"""Measures how many log-ins a node serves: by token, by browser session, as a new guest, and over `/ws`.

`python -m tests.load.logins` opens connections that end as soon as they have logged in, one at a time and several at
once, and compares them with connections that only get the answer to a `ping`. The clients run in this process, on
another core. CPU is that of the server. Exits with 1 if a log-in was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tests.load import measurements, raw_socket
from tests.load.json_load_client import JsonLoadClient
from tests.load.protobuf_load_client import ProtobufLoadClient
from tests.load.raw_socket import TEXT, RawSocket
from tests.support import postgres
from tests.support.shared_site import Account, SharedSite
from tests.support.site import Site

HEAD = ("", "at a time", "a second", "share of upgrade and ping", "CPU ms each", "ms p50 / p99")
_ACCOUNTS = 500


class PingClient(RawSocket):
    """Sends a `ping` without logging in; the answer counts as its log-in."""

    def opened(self) -> None:
        self.write(TEXT, b'{"seq":"1","cmd":"ping","data":{}}')

    def message(self, payload: bytes) -> None:
        if not self.logged_in.done():
            self.logged_in.set_result(None)


class AccountClient(JsonLoadClient):
    """Logs in on `/acc` as an account, by its token, or by the cookie that the handshake carries."""

    def __init__(self, token: str = "") -> None:
        super().__init__("")
        self._token = token

    def opened(self) -> None:
        self.request("login", "login", {"appId": 101, **({"serviceToken": self._token} if self._token else {})})


@dataclass(frozen=True)
class Case:
    """A kind of log-in: the path and the headers of its handshake, and what makes its client."""

    name: str
    path: str
    client: Callable[[Account], RawSocket]
    headers: Callable[[Account], str] = lambda account: ""


def cases(port: int) -> Sequence[Case]:
    """Return the cases for a site on this port."""
    guests = itertools.count(1)
    return (
        Case("upgrade and ping", "/acc", lambda account: PingClient()),
        Case("log-in by token", "/acc", lambda account: AccountClient(account.token)),
        Case("log-in by session", "/acc", lambda account: AccountClient(),
             lambda account: f"Origin: http://127.0.0.1:{port}\r\nCookie: {account.cookie}\r\n"),
        Case("new guest", "/acc", lambda account: JsonLoadClient(f"guest {next(guests)}")),
        Case("log-in over /ws", "/ws", lambda account: ProtobufLoadClient(int(account.id), account.token)),
    )  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Some seconds of log-ins. `cpu` is that of the server in seconds each, latencies are sorted seconds."""

    rate: float
    cpu: float
    latencies: list[float]
    refused: int


async def measure(site: Site, case: Case, accounts: Iterator[Account], at_a_time: int, seconds: float) -> Measured:
    """Repeat the log-in at `at_a_time` connections for some seconds, after a quarter of them to warm up."""
    _, refused = await _repeat(site, case, accounts, at_a_time, seconds / 4)
    cpu, began = measurements.cpu_seconds(site.pid), time.perf_counter()
    latencies, more = await _repeat(site, case, accounts, at_a_time, seconds)
    rate = len(latencies) / (time.perf_counter() - began)
    cpu = (measurements.cpu_seconds(site.pid) - cpu) / max(1, len(latencies))
    return Measured(rate, cpu, latencies, refused + more)


async def _repeat(
    site: Site, case: Case, accounts: Iterator[Account], at_a_time: int, seconds: float
) -> tuple[list[float], int]:
    """Return the seconds of each log-in, sorted, and how many were refused."""
    ends = time.perf_counter() + seconds
    latencies: list[float] = []
    refusals: list[BaseException] = []

    async def log_in() -> None:
        while (began := time.perf_counter()) < ends:
            account = next(accounts)
            client, headers = case.client(account), case.headers(account)
            try:
                await raw_socket.connect(site.port, case.path, client, headers=headers)
                latencies.append(time.perf_counter() - began)
            except OSError as error:
                refusals.append(error)
                print(f"FAILED: {error!r}", file=sys.stderr)
                return
            client.close()

    await asyncio.gather(*(log_in() for _ in range(at_a_time)))
    return sorted(latencies), len(refusals)


class Table:
    """Measures cases and collects the rows of the table."""

    def __init__(self, site: Site, accounts: list[Account], seconds: float) -> None:
        self.rows: list[tuple[str, ...]] = [HEAD, ("---",) * len(HEAD)]
        self.refused = 0
        self._site, self._seconds = site, seconds
        self._accounts = itertools.cycle(accounts)
        self._floor: dict[int, float] = {}

    async def add(self, case: Case, at_a_time: int) -> None:
        found = await measure(self._site, case, self._accounts, at_a_time, self._seconds)
        self.refused += found.refused
        share = found.rate / self._floor.setdefault(at_a_time, found.rate)
        times = " / ".join(f"{measurements.percentile(found.latencies, part) * 1000:.1f}" for part in (0.5, 0.99))
        row = (case.name, str(at_a_time), f"{found.rate:,.0f}", f"{share:.2f}", f"{found.cpu * 1e3:.2f}", times)
        self.rows.append(row)
        print(f"| {' | '.join(row)} |", flush=True)


async def _measure(table: Table, wanted: Sequence[Case], at_a_time: list[int]) -> None:
    for case in wanted:
        for count in at_a_time:
            await table.add(case, count)


@contextlib.contextmanager
def _site(on_postgres: bool) -> Iterator[Site]:
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-logins-")))
        url = stack.enter_context(postgres.database("logins")) if on_postgres else ""
        site = Site(data, database_url=url)
        site.manage("setup")
        yield stack.enter_context(site)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--at-a-time", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--only", default="", help="run only cases whose name contains this, besides the ping")
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    print(json.dumps(measurements.environment()), "\n")
    with _site(options.postgres) as site, contextlib.closing(SharedSite(site, {"alice": _ACCOUNTS})) as shared_site:
        accounts = [shared_site.account() for _ in range(_ACCOUNTS)]
        first, *others = cases(site.port)
        table = Table(site, accounts, options.seconds)
        wanted = [first, *(case for case in others if options.only in case.name)]
        uvloop.run(_measure(table, wanted, options.at_a_time))
    print("\n" + "\n".join(f"| {' | '.join(row)} |" for row in table.rows))
    return 1 if table.refused else 0


if __name__ == "__main__":
    sys.exit(main())
