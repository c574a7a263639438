"""Fixtures: `town`, one running site for a whole test run, and `people`, who connect to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest
import pytest_asyncio

from tests.support.call_socket import PeopleOfBothPaths
from tests.support.fixtures import SiteFactory
from tests.support.people import FRIEND, People, Town


@pytest.fixture(scope="session")
def town(site_factory: SiteFactory) -> Iterator[Town]:
    """A running site shared by all tests of this process, with a crowd of unused accounts."""
    site = site_factory(IM_PRESENCE_GRACE="0.3", IM_ALLOWED_ORIGINS=FRIEND)
    with closing(Town(site)) as made, site:
        yield made


@pytest.fixture
def codec(request: pytest.FixtureRequest) -> str:
    """By which path people with accounts come: "acc", or "ws" in one of the two runs of a test `@both_codecs`."""
    return str(getattr(request, "param", "acc"))


@pytest_asyncio.fixture
async def people(town: Town, codec: str) -> AsyncIterator[People]:
    """Opens connections to the shared site and closes them at the end of the test."""
    opener = PeopleOfBothPaths(town) if codec == "ws" else People(town)
    yield opener
    for client in opener.clients:
        await client.close()
