"""History and search come from a replica of PostgreSQL, which is never read when it lacks anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import machine, postgres
from tests.support.monitoring import get, metrics
from tests.support.pgbouncer import ROLE_TIMEOUTS, PgBouncer
from tests.support.postgres_server import PostgresServer
from tests.support.sentinels import wait_blocking
from tests.support.shared_site import Clients, SharedSite, UserClient
from tests.support.site import Site
from tests.support.site_maker import SiteFactory, site_maker
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres

_DELETE_OLDEST = """
from chat.actions.retention import channel_delete_expired
from delivery.log import now_ms
print(channel_delete_expired(channel_id={channel}, before=now_ms() + 60_000, limit=1))
"""


class Pair:
    """A primary and its replica."""

    def __init__(self) -> None:
        self.primary, self.replica = PostgresServer(), PostgresServer()
        with site_maker(f"replica_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}", "postgres") as make:
            self.primary.create(make().database_url)
        self.replica.replicate(self.primary)

    def close(self) -> None:
        self.replica.close()
        self.primary.close()

    def pause(self) -> None:
        """Let the replica keep its present content. Return when it does."""
        self._on_replica("SELECT pg_wal_replay_pause()")
        wait_blocking(lambda: self._on_replica("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def go_on(self) -> None:
        self._on_replica("SELECT pg_wal_replay_resume()")

    def pages_read(self) -> int:
        """Return how often the table of messages was scanned on the replica."""
        return int(
            self._on_replica("SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'chat_message'")
        )

    def _on_replica(self, statement: str) -> Any:
        with psycopg.connect(self.replica.url, autocommit=True) as session:
            row = session.execute(statement).fetchone()
        assert row
        return row[0]


class ReplicatedSite:
    """A running site on a pair of servers."""

    def __init__(self, pair: Pair, make_site: SiteFactory, **options: str) -> None:
        self.pair = pair
        self.site = make_site(**{"DATABASE_REPLICA_URL": pair.replica.url, **options})
        self.site.database_url = options.get("DATABASE_URL", pair.primary.url)
        self.site.start()
        self.shared_site = SharedSite(self.site, {"alice": 20, "bob": 20})

    def close(self) -> None:
        self.shared_site.close()
        self.site.stop()


@pytest.fixture(scope="module")
def shared(site_factory: SiteFactory) -> Iterator[ReplicatedSite]:
    """Return a site whose replica each test leaves running and up to date."""
    with _pair() as pair, closing(ReplicatedSite(pair, site_factory)) as running:
        yield running


@pytest.fixture
def own_pair() -> Iterator[Pair]:
    """Return a pair that the test may break for good."""
    with _pair() as pair:
        yield pair


@contextmanager
def _pair() -> Iterator[Pair]:
    pair = Pair()
    try:
        yield pair
    finally:
        pair.close()


@asynccontextmanager
async def _clients(shared_site: SharedSite) -> AsyncIterator[Clients]:
    clients = Clients(shared_site)
    try:
        yield clients
    finally:
        for client in clients.clients:
            await client.close()


@asynccontextmanager
async def _paused(pair: Pair) -> AsyncIterator[None]:
    await asyncio.to_thread(pair.pause)
    try:
        yield
    finally:
        await asyncio.to_thread(pair.go_on)


def _reads(site: Site, result: str) -> float:
    return metrics(site.url).get(f'imsite_replica_reads_total{{result="{result}"}}', 0.0)


async def _until_replica_is(state: str, site: Site) -> None:
    await asyncio.to_thread(wait_blocking, lambda: f'"replica": "{state}"' in get(f"{site.url}/readyz").text)


async def _texts(reader: UserClient, target: str) -> list[str]:
    """Return the texts of the channel's newest messages; those of recalled ones are empty."""
    page = await reader.call("message.history", target=target)
    return [message["msg"] for message in page["messages"]]


async def _found(reader: UserClient, word: str) -> list[str]:
    return [message["msg"] for message in (await reader.call("message.search", q=word))["messages"]]


async def _until_found(reader: UserClient, word: str) -> None:
    """Wait until a message with this word is indexed."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await _found(reader, word):  # noqa: ASYNC110  nothing announces it
            await asyncio.sleep(0.05)


async def _read_from_replica(site: Site, read: Callable[[], Awaitable[list[str]]], expected: list[str]) -> None:
    """Read until the replica answers. It may be behind for a moment, and then the primary answers."""
    before = await asyncio.to_thread(_reads, site, "replica")
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            assert await read() == expected
            if await asyncio.to_thread(_reads, site, "replica") > before:
                return


async def test_history_and_search_are_read_from_the_replica(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        alice, bob = await clients("alice", "bob")
        group = await alice.group(bob)
        await alice.say(group, "a rare daffodil")
        await _until_replica_is("ok", site)
        await _until_found(bob, "daffodil")
        scanned = await asyncio.to_thread(shared.pair.pages_read)

        await _read_from_replica(site, lambda: _texts(bob, group), ["a rare daffodil"])
        await _read_from_replica(site, lambda: _found(bob, "daffodil"), ["a rare daffodil"])

        # PostgreSQL counts the scans of a session later.
        await asyncio.to_thread(wait_blocking, lambda: shared.pair.pages_read() >= scanned + 2)


async def test_a_reader_sees_all_that_was_acknowledged(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        alice, bob = await clients("alice", "bob")
        group = await alice.group(bob)
        await _until_replica_is("ok", site)
        for number in range(20):
            sent = await alice.say(group, f"message {number}")
            assert (await _texts(bob, group))[-1] == f"message {number}"
            await alice.call("message.edit", target=group, id=sent["id"], msg="edited")
            assert (await _texts(bob, group))[-1] == "edited"
            await alice.call("message.recall", target=group, id=sent["id"])
            assert (await _texts(bob, group))[-1] == ""
        await _read_from_replica(site, lambda: _texts(bob, group), [""] * 20)


async def test_a_paused_replica_is_not_read(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        alice, bob = await clients("alice", "bob")
        group = await alice.group(bob)
        secret = await alice.say(group, "a secret")
        wrong = await alice.say(group, "a mistake")
        await _until_found(bob, "mistake")
        await _until_replica_is("ok", site)
        async with _paused(shared.pair):
            await alice.call("message.recall", target=group, id=secret["id"])
            assert await _texts(bob, group) == ["", "a mistake"]
            await alice.call("message.edit", target=group, id=wrong["id"], msg="corrected")
            assert await _texts(bob, group) == ["", "corrected"]
            assert await _found(bob, "mistake") == await _found(bob, "secret") == []

            await _until_replica_is("behind", site)
            assert await _texts(bob, group) == ["", "corrected"]
            await asyncio.to_thread(wait_blocking, lambda: metrics(site.url)["imsite_replica_lag_seconds"] > 1)
            assert await asyncio.to_thread(_reads, site, "behind")
        await _until_replica_is("ok", site)
        assert await _texts(bob, group) == ["", "corrected"]


async def test_a_deletion_without_an_event_is_seen_at_once(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        (alice,) = await clients("alice")
        group = await alice.group()
        for text in ("first", "second", "third"):
            await alice.say(group, text)
        await _until_replica_is("ok", site)
        async with _paused(shared.pair):
            # Retention announces only the end of its last batch.
            await asyncio.to_thread(clients.shared_site.shell, _DELETE_OLDEST.format(channel=group))
            assert await _texts(alice, group) == ["second", "third"]


async def test_a_member_who_was_removed_reads_nothing_more(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        alice, bob = await clients("alice", "bob")
        group = await alice.group(bob)
        await alice.say(group, "between us")
        await _until_found(bob, "between")
        await _until_replica_is("ok", site)
        async with _paused(shared.pair):
            await alice.call("channel.remove", target=group, member=bob.name)
            assert (await bob.request("message.history", target=group)).code != 200
            assert await _found(bob, "between") == []


async def test_requests_are_answered_while_the_replica_is_frozen(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        alice, bob = await clients("alice", "bob")
        group = await alice.group(bob)
        await alice.say(group, "still here")
        await _until_replica_is("ok", site)
        await asyncio.to_thread(shared.pair.replica.freeze)
        try:
            # More than the node has threads, so that they would all wait for the replica.
            pages = await asyncio.gather(*(_texts(bob, group) for _ in range(30)))
            assert pages == [["still here"]] * 30
            await alice.say(group, "and here")
            await _until_replica_is("away", site)
            assert await _texts(bob, group) == ["still here", "and here"]
        finally:
            await asyncio.to_thread(shared.pair.replica.resume)
        await _until_replica_is("ok", site)
        await _read_from_replica(site, lambda: _texts(bob, group), ["still here", "and here"])


async def test_no_request_fails_when_the_replica_ends_sessions(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        (alice,) = await clients("alice")
        group = await alice.group()
        await alice.say(group, "still here")
        await _until_replica_is("ok", site)
        for _ in range(5):
            await _read_from_replica(site, lambda: _texts(alice, group), ["still here"])
            await asyncio.to_thread(postgres.terminate_sessions, shared.pair.replica.url)
            assert await _texts(alice, group) == ["still here"]


async def test_requests_are_answered_while_the_replica_is_down(shared: ReplicatedSite) -> None:
    site = shared.site
    async with _clients(shared.shared_site) as clients:
        alice, bob = await clients("alice", "bob")
        group = await alice.group(bob)
        await alice.say(group, "still here")
        await _until_replica_is("ok", site)
        assert await _texts(bob, group) == ["still here"]
        await asyncio.to_thread(shared.pair.replica.kill)
        try:
            assert await _texts(bob, group) == ["still here"]
            await _until_replica_is("away", site)
            assert '"ready": true' in (await asyncio.to_thread(get, f"{site.url}/readyz")).text
            await asyncio.to_thread(site.restart)
            assert await _texts(await clients.again(bob), group) == ["still here"]
        finally:
            await asyncio.to_thread(shared.pair.replica.start)
        await _until_replica_is("ok", site)


async def test_a_promoted_replica_is_not_read(own_pair: Pair, site_factory: SiteFactory) -> None:
    with closing(await asyncio.to_thread(ReplicatedSite, own_pair, site_factory)) as own:
        async with _clients(own.shared_site) as clients:
            (alice,) = await clients("alice")
            group = await alice.group()
            await alice.say(group, "before")
            await _until_replica_is("ok", own.site)
            await asyncio.to_thread(own_pair.replica.promote)
            with psycopg.connect(own_pair.replica.url, autocommit=True) as other:
                other.execute("UPDATE chat_message SET text = 'of another site'")

            assert await _texts(alice, group) == ["before"]
            await _until_replica_is("away", own.site)
            assert await _texts(alice, group) == ["before"]
            await asyncio.to_thread(wait_blocking, lambda: "it has been promoted" in own.site.log.read_text())


async def test_a_replica_of_the_failed_primary_is_not_read(own_pair: Pair, site_factory: SiteFactory) -> None:
    """After a failover it may be further in the WAL than the new primary, with other content."""
    former_primary, own_pair.primary = own_pair.primary, PostgresServer()
    with closing(former_primary):
        await asyncio.to_thread(own_pair.primary.replicate, former_primary)
        await asyncio.to_thread(own_pair.primary.promote)
        with psycopg.connect(former_primary.url, autocommit=True) as operator:
            operator.execute("CREATE TABLE further AS SELECT * FROM generate_series(1, 200000)")
        with closing(await asyncio.to_thread(ReplicatedSite, own_pair, site_factory)) as own:
            async with _clients(own.shared_site) as clients:
                (alice,) = await clients("alice")
                group = await alice.group()
                await alice.say(group, "after")
                await asyncio.to_thread(wait_blocking, lambda: "it is on timeline 1" in own.site.log.read_text())
                assert await _texts(alice, group) == ["after"]
                await _until_replica_is("away", own.site)


def test_another_database_is_not_read(shared: ReplicatedSite, site_factory: SiteFactory) -> None:
    url = shared.pair.replica.url.rpartition("/")[0] + "/postgres"
    site = site_factory(DATABASE_REPLICA_URL=url)
    site.database_url = shared.pair.primary.url
    with site:
        wait_blocking(lambda: "has another database" in site.log.read_text())
        assert '"replica": "away"' in get(f"{site.url}/readyz").text


async def test_the_replica_is_read_through_pgbouncer(own_pair: Pair, site_factory: SiteFactory, tmp_path: Path) -> None:
    if "PgBouncer" in machine.missing():
        pytest.skip("PgBouncer is missing on this machine")
    with psycopg.connect(own_pair.primary.url, autocommit=True) as operator:
        for statement in ROLE_TIMEOUTS:
            operator.execute(statement)
    with (
        PgBouncer(tmp_path / "primary", own_pair.primary.url, pool_size=4) as primary,
        PgBouncer(tmp_path / "replica", own_pair.replica.url, pool_size=4) as replica,
    ):
        options = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URL": replica.url, "IM_PGBOUNCER": "True"}
        with closing(await asyncio.to_thread(partial(ReplicatedSite, own_pair, site_factory, **options))) as own:
            async with _clients(own.shared_site) as clients:
                (alice,) = await clients("alice")
                group = await alice.group()
                for number in range(5):
                    await alice.say(group, f"message {number}")
                    assert (await _texts(alice, group))[-1] == f"message {number}"
                await _until_replica_is("ok", own.site)
                expected = [f"message {number}" for number in range(5)]
                await _read_from_replica(own.site, lambda: _texts(alice, group), expected)
