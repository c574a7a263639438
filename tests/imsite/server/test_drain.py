"""A stopping server answers open requests and tells its clients when to reconnect."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sqlite3
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.client import Client, Closed
from tests.support.fixtures.sites import Connect, SiteFactory
from tests.support.monitoring import get
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.sqlite  # Commits wait for SQLite's single writer.


@contextlib.contextmanager
def _no_commits(site: Site) -> Iterator[None]:
    """Hold the database's write lock."""
    with contextlib.closing(sqlite3.connect(site.data / "imsite.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def _until_asked(site: Site, count: int = 1) -> None:
    """Wait until the site is processing this many requests."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            told = await asyncio.to_thread(get, f"{site.url}/debug/tasks")
            if re.search(rf"^ *{count}  JsonConsumer._run_command$", told.text, re.MULTILINE):
                return
            await asyncio.sleep(0.01)


async def _until_draining(site: Site) -> None:
    """Wait until the site reports that it is not ready."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (await asyncio.to_thread(get, f"{site.url}/readyz")).status != 503:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.01)


async def test_clients_get_a_retry_time_at_shutdown(site_factory: SiteFactory, connect: Connect) -> None:
    with site_factory(IM_RECONNECT_SPREAD_SECONDS="5") as site:
        people: list[Client] = [await connect(site.acc) for _ in range(20)]
        for number, one in enumerate(people[:10]):
            await one.login_guest(f"Guest{number}")

        await asyncio.to_thread(site.stop)

        reasons = []
        for one in people:
            assert await one.closed() == 1012
            reasons.append(one.close_reason)
    hints = [re.fullmatch(r"retry in (\d+\.\d)s", reason) for reason in reasons]
    assert all(hints), reasons
    assert len(set(reasons)) > 1, "all come back at once"


async def test_open_requests_are_answered_before_shutdown(site_factory: SiteFactory, connect: Connect) -> None:
    with site_factory(IM_DRAIN_TIMEOUT="20") as site:
        alice: Client = await connect(site.acc)
        await alice.login_guest("Alice")
        with _no_commits(site):
            sent = [await alice.post("message.send", type="text", msg=f"m{n}", clientMsgId=f"m{n}") for n in range(5)]
            await _until_asked(site, 5)
            ending = asyncio.create_task(asyncio.to_thread(site.stop))
            await _until_draining(site)
            late = await alice.post("message.send", type="text", msg="late")
        answers = await asyncio.gather(*sent)

        assert [answer.code for answer in answers] == [200] * 5
        assert await alice.closed() == 1012
        assert isinstance(late.exception(), AssertionError), "asked too late, and still carried out"
        await ending


async def test_new_connections_are_refused_while_draining(site_factory: SiteFactory, connect: Connect) -> None:
    with site_factory(IM_DRAIN_TIMEOUT="20") as site:
        alice: Client = await connect(site.acc)
        await alice.login_guest("Alice")
        with _no_commits(site):
            sent = await alice.post("message.send", type="text", msg="hello")
            await _until_asked(site)
            ending = asyncio.create_task(asyncio.to_thread(site.stop))
            await _until_draining(site)

            with pytest.raises(InvalidStatus) as refused:
                await connect(site.acc)
            assert refused.value.response.status_code == 503
            assert '"accepting": false' in get(f"{site.url}/readyz").text
        assert (await sent).code == 200
        await ending


async def test_an_endless_commit_does_not_prevent_shutdown(site_factory: SiteFactory, connect: Connect) -> None:
    with site_factory(IM_DRAIN_TIMEOUT="1") as site:
        alice: Client = await connect(site.acc)
        await alice.login_guest("Alice")
        with _no_commits(site):
            sent = await alice.post("message.send", type="text", msg="hello")
            await _until_asked(site)
            process = site.process
            assert process is not None
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, TIMEOUT_SECONDS)
        site.process = None

        assert code == 1
        with pytest.raises(Closed):
            await sent
        assert "shutdown_timed_out" in site.log.read_text()


async def test_a_second_ctrl_c_does_not_wait(site_factory: SiteFactory, connect: Connect) -> None:
    with site_factory(IM_DRAIN_TIMEOUT="60") as site:
        alice: Client = await connect(site.acc)
        await alice.login_guest("Alice")
        with _no_commits(site):
            await alice.post("message.send", type="text", msg="hello")
            await _until_asked(site)
            process = site.process
            assert process is not None
            process.send_signal(signal.SIGINT)
            await _until_draining(site)
            process.send_signal(signal.SIGINT)
            assert await alice.closed() is not None
        await asyncio.to_thread(process.wait, TIMEOUT_SECONDS)
        site.process = None
