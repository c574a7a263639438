"""`python -m tests.load.replica_offload` measures what a read replica takes off the primary.

Four clients of one node read pages of history, or search, as fast as they are answered: without a replica, with one,
and with one while another client sends. Both servers of PostgreSQL are private and flush to memory.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from imsite.client import Client, ClientConnection
from tests.load import measurements
from tests.support import postgres
from tests.support.monitoring import metrics
from tests.support.postgres_server import PostgresServer
from tests.support.shared_site import Account, SharedSite
from tests.support.site import Site

READERS = 4
GROUPS = 50
PAGE_SIZE = 50
_WORDS = [f"{first}{rest}" for first in ("ba", "co", "di", "fu", "le") for rest in ("ran", "sto", "mil", "ver", "dus")]
_OPTIONS = {"IM_READ_RATE": "100000", "IM_SEARCH_RATE": "100000", "IM_SEARCH_BURST": "100000"}
_FILL = """
import random
from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.search.index import index_advance
from chat.sending.drafts import Draft
from chat.sending.writer import commit

chance, names = random.Random(1), {names!r}
owner = User.objects.get(username=names[0])
for number in range({groups}):
    group = channel_create_group(creator=owner, name=f"Group {{number}}", members=names[1:]).pk
    for _ in range({messages} // {groups} // 200):
        texts = [" ".join(chance.choices({words!r}, k=8)) for _ in range(200)]
        commit([Draft(sender=owner.pk, channel=group, text=text) for text in texts])
    print(group)
while index_advance():
    pass
"""


@dataclass(frozen=True)
class Measured:
    """The cost of one kind of reads: µs of CPU per read, milliseconds, and the share that the replica answered."""

    primary: float
    replica: float
    node: float
    median: float
    p99: float
    per_second: float
    share: float

    def cells(self) -> list[str]:
        return [
            *(f"{value:,.0f}" for value in (self.primary, self.replica, self.node)),
            f"{self.median:.1f} / {self.p99:.1f}",
            f"{self.per_second:,.0f}",
            f"{self.share:.0%}",
        ]


@dataclass
class Stand:
    """The servers, the site's accounts, and its groups."""

    primary: PostgresServer
    replica: PostgresServer
    site: Site
    accounts: list[Account]
    groups: list[str]

    def replica_reads(self) -> float:
        """Return the reads that the replica has answered."""
        return metrics(self.site.url).get('imsite_replica_reads_total{result="replica"}', 0.0)

    def cpu(self) -> tuple[float, float, float]:
        """Return the CPU seconds of the primary, the replica and the node."""
        servers = [measurements.tree_cpu_seconds(postgres.server_pid(server.url)) for server in self.servers]
        return servers[0], servers[1], measurements.cpu_seconds(self.site.pid)

    @property
    def servers(self) -> tuple[PostgresServer, PostgresServer]:
        return self.primary, self.replica


def _history(stand: Stand, chance: random.Random) -> tuple[str, dict[str, Any]]:
    before = chance.randrange(PAGE_SIZE, 350)
    return "message.history", {"target": chance.choice(stand.groups), "before": before, "limit": PAGE_SIZE}


def _search(stand: Stand, chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "message.search", {"q": " ".join(chance.sample(_WORDS, 2)), "limit": 20}


Reads = Callable[[Stand, random.Random], tuple[str, dict[str, Any]]]


@contextlib.contextmanager
def _servers(messages: int) -> Iterator[Stand]:
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        primary, replica = (stack.enter_context(contextlib.closing(PostgresServer())) for _ in range(2))
        with postgres.database("offload") as empty:
            Site(data, database_url=empty).manage("setup")
            primary.create(empty)
        replica.replicate(primary)
        site = Site(data, database_url=primary.url, options=_OPTIONS)
        with site, contextlib.closing(SharedSite(site, {})) as shared_site:
            accounts = shared_site.accounts("reader", READERS + 1)
            names = [account.name for account in accounts]
            groups = shared_site.shell(_FILL.format(names=names, groups=GROUPS, messages=messages, words=_WORDS))
        with psycopg.connect(primary.url, autocommit=True) as operator:
            operator.execute("VACUUM ANALYZE")
        yield Stand(primary, replica, site, accounts, groups.split())


@contextlib.asynccontextmanager
async def _connected(stand: Stand) -> AsyncIterator[list[ClientConnection]]:
    async with contextlib.AsyncExitStack() as stack:
        connections = []
        for account in stand.accounts:
            client = await stack.enter_async_context(Client(stand.site.url, token=account.token))
            connections.append(await stack.enter_async_context(client.listen()))
        yield connections


async def _measure(stand: Stand, reads: Reads, count: int, *, sends_per_second: float) -> Measured:
    async with _connected(stand) as (sender, *readers):
        for reader in readers:
            command, fields = reads(stand, random.Random(0))
            await reader.call(command, **fields)
        sending = asyncio.create_task(_send(sender, stand.groups[0], sends_per_second))
        answered, before, began = stand.replica_reads(), stand.cpu(), time.perf_counter()
        taken = await asyncio.gather(
            *(_read(reader, reads, stand, count // READERS, number) for number, reader in enumerate(readers))
        )
        seconds, after = time.perf_counter() - began, stand.cpu()
        share = (stand.replica_reads() - answered) / count
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    times = sorted(time for one in taken for time in one)
    primary, replica, node = ((late - early) / count * 1e6 for late, early in zip(after, before, strict=True))
    median, p99 = (measurements.percentile(times, part) * 1e3 for part in (0.5, 0.99))
    return Measured(primary, replica, node, median, p99, count / seconds, share)


async def _read(client: ClientConnection, reads: Reads, stand: Stand, count: int, number: int) -> list[float]:
    chance, taken = random.Random(number), []
    for _ in range(count):
        command, fields = reads(stand, chance)
        began = time.perf_counter()
        await client.call(command, **fields)
        taken.append(time.perf_counter() - began)
    return taken


async def _send(client: ClientConnection, target: str, per_second: float) -> None:
    while per_second:
        await client.call("message.send", target=target, type="text", msg="hello")
        await asyncio.sleep(1 / per_second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--reads", type=int, default=2_000, help="in each measurement (default: 2000)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--sends", type=float, default=20.0, help="messages a second in the third arrangement")
    options = parser.parse_args()
    print(measurements.table(measurements.environment()), end="\n\n")
    columns = ["primary, µs CPU per read", "replica", "node", "p50 / p99 ms", "reads/s", "by the replica"]
    print(f"| reads | arrangement | {' | '.join(columns)} |\n|{' --- |' * 8}")
    with _servers(options.messages) as stand:
        for _ in range(options.rounds):
            for name, url, sends in (
                ("no replica", "", 0.0),
                ("a replica", stand.replica.url, 0.0),
                (f"a replica, {options.sends:g} messages a second", stand.replica.url, options.sends),
            ):
                stand.site.options["DATABASE_REPLICA_URL"] = url
                with stand.site:
                    time.sleep(2.0)  # The monitor has found the replica by then.
                    for reads in (_history, _search):
                        found = asyncio.run(_measure(stand, reads, options.reads, sends_per_second=sends))
                        print(f"| {reads.__name__[1:]} | {name} | {' | '.join(found.cells())} |", flush=True)


if __name__ == "__main__":
    main()
