"""Fixtures for tests that need the whole site: `site` (a running server of one's own), `site_factory`, `connect`."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from django.db import connection

from tests.settings import TEST_DATABASE
from tests.support import documented, postgres
from tests.support.client import Client
from tests.support.site import Site

SiteFactory = Callable[..., Site]
Connect = Callable[..., Awaitable[Client]]


@pytest.fixture(autouse=True)
def _time_to_think(request: pytest.FixtureRequest) -> None:
    """A test without real transactions is one transaction, and on a busy machine pauses for longer than a node may."""
    marker = request.node.get_closest_marker("django_db")
    transactional = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if connection.vendor == "postgresql" and not transactional and (marker or "db" in request.fixturenames):
        request.getfixturevalue("db")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@pytest.fixture(autouse=True)
def _documented() -> Iterator[None]:
    """What clients were sent is what the protocol page says."""
    documented.faults.clear()
    yield
    assert not documented.faults, "\n".join(sorted(set(documented.faults)))


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Path | str]:
    """A set-up database to copy, because setting one up takes seconds: a directory, or a PostgreSQL database's name."""
    directory = tmp_path_factory.mktemp("prepared")
    if TEST_DATABASE == "sqlite":
        Site(directory).manage("setup")
        yield directory
        return
    name = f"prepared_{worker_id}"
    with postgres.database(name) as url:
        Site(directory, database_url=url).manage("setup")
        yield name


@pytest.fixture(scope="session")
def site_factory(
    _prepared: Path | str, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[SiteFactory]:
    """Makes sites with their first content, not yet started: `site_factory(IM_LOGIN_TIMEOUT="1")`. Ends all of them."""
    with contextlib.ExitStack() as stack:
        made: list[Site] = []

        def make(*, command: Sequence[str] = ("serve",), **options: str) -> Site:
            data = tmp_path_factory.mktemp("site")
            url = ""
            if isinstance(_prepared, Path):
                shutil.copytree(_prepared, data, dirs_exist_ok=True)
            else:
                name = f"site_{worker_id}_{len(made)}"
                url = stack.enter_context(postgres.database(name, template=_prepared))
            site = Site(data, database_url=url, options=options, command=command)
            made.append(site)
            stack.callback(lambda: site.stop() if site.process else None)
            return site

        yield make


@pytest.fixture
def site(site_factory: SiteFactory) -> Iterator[Site]:
    """A running site of the test's own, on the database under test."""
    with site_factory() as running:
        yield running


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens protocol clients (`await connect(site.acc)`) and closes them at the end."""
    clients: list[Client] = []

    async def open_client(url: str, *, origin: str | None = None, cookie: str | None = None) -> Client:
        client = await Client.connect(url, origin=origin, cookie=cookie)
        clients.append(client)
        return client

    yield open_client
    for client in clients:
        await client.close()
