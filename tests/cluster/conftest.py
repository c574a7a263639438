"""Fixtures that start clusters: `with cluster_factory(count=2, front=True) as cluster`.

They fail with a clear error if Redis or nginx is missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing

import pytest
import pytest_asyncio

from tests.support import machine
from tests.support.cluster import Cluster
from tests.support.fixtures.sites import SiteFactory
from tests.support.shared_site import Clients
from tests.support.two_nodes import TwoNodes

ClusterFactory = Callable[..., Cluster]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"cluster_factory", "cluster", "start", "two_nodes"} & set(getattr(item, "fixturenames", ())):
            for name in {"Redis", "nginx"} & machine.missing().keys():
                item.add_marker(pytest.mark.skip(reason=f"{name} is missing on this machine"))


@pytest.fixture
def cluster_factory(site_factory: SiteFactory) -> Iterator[ClusterFactory]:
    """Return a function that makes clusters over a prepared database, not yet started: `cluster_factory(count=3,
    IM_…="…")`.
    """
    made: list[Cluster] = []

    def make(*, count: int = 2, front: bool = False, **options: str) -> Cluster:
        place = site_factory()  # Only for its data; it is never started.
        cluster = Cluster(place.data, count=count, front=front, database_url=place.database_url, options=options)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        cluster.stop()


@pytest.fixture
def cluster(cluster_factory: ClusterFactory) -> Iterator[Cluster]:
    """Run two nodes with nginx in front."""
    with cluster_factory(front=True) as running:
        yield running


@pytest.fixture(scope="package")
def two_nodes(site_factory: SiteFactory) -> Iterator[TwoNodes]:
    """Run two nodes with nginx in front and many unused accounts, for all tests that do not kill processes."""
    place = site_factory()
    options = {"IM_PRESENCE_GRACE_SECONDS": "0.3", "IM_LOGIN_TIMEOUT": "600"}
    cluster = Cluster(place.data, front=True, database_url=place.database_url, options=options)
    with cluster, closing(TwoNodes(cluster)) as made:
        yield made


@pytest_asyncio.fixture
async def node_clients(two_nodes: TwoNodes) -> AsyncIterator[Clients]:
    """Open connections to the shared nodes (`at=two_nodes.a.acc`) and close them at the end of the test."""
    opener = Clients(two_nodes.shared_site)
    yield opener
    for client in opener.clients:
        await client.close()
