"""The site under load: one that the run starts, on one node or several, or one that runs elsewhere."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.load import measurements
from tests.load.pressure.connection import Login
from tests.support import postgres
from tests.support.cluster import Cluster
from tests.support.monitoring import metrics
from tests.support.rest import Service
from tests.support.shared_site import SharedSite
from tests.support.site import Site

_SERVICES = 8
RELAXED = {
    "IM_TYPING_RATE": "1000",
    "IM_API_RATE": "1000000",
    "IM_API_BURST": "1000000",
    "IM_MAX_GROUPS_PER_USER": "100000",
}


@dataclass
class Target:
    """An address, users who can log in, and services' tokens. `site` is None if the site runs elsewhere."""

    host: str
    port: int
    logins: list[Login]
    tokens: list[str]
    """API tokens of services that may use the gateway."""
    site: Site | None = None
    nodes: Sequence[Site] = ()
    """All nodes of a cluster, with `site`."""
    stores: Mapping[str, int] = field(default_factory=dict)
    """Process ids of Redis and PostgreSQL by name, if their CPU is to be measured."""

    @property
    def ports(self) -> list[int]:
        """Return the ports of all nodes."""
        return [node.port for node in self.nodes] or [self.port]

    @property
    def cpu(self) -> float:
        """Return the CPU seconds of all nodes, NaN if they run elsewhere."""
        if self.site is None:
            return float("nan")
        return sum(measurements.cpu_seconds(node.pid) for node in self.nodes or [self.site])

    def store_cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each store and its children."""
        return {name: measurements.tree_cpu_seconds(pid) for name, pid in self.stores.items()}

    def count(self, metric: str) -> float:
        """Return the sum of a metric over all nodes."""
        return sum(metrics(f"http://{self.host}:{port}")[metric] for port in self.ports)

    @property
    def resident_bytes(self) -> float:
        return measurements.resident_bytes(self.site.pid) if self.site is not None else float("nan")

    def blocked_turns(self, seconds: str = "0.1") -> float:
        """Return how often the event loop was blocked for longer than this, a bucket of its histogram."""
        values = metrics(f"http://{self.host}:{self.port}")
        return values["imsite_loop_lag_seconds_count"] - values[f'imsite_loop_lag_seconds_bucket{{le="{seconds}"}}']


@contextlib.contextmanager
def own_site(accounts: int, *, on_postgres: bool = False) -> Iterator[Target]:
    """Run a new site with this many accounts."""
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("load")) if on_postgres else ""
        site = Site(data, database_url=url, options=RELAXED)
        site.manage("setup")
        stack.enter_context(site)
        yield stack.enter_context(started_site(site, accounts))


@contextlib.contextmanager
def own_cluster(count: int, accounts: int) -> Iterator[Target]:
    """Run a new site of this many nodes on a private PostgreSQL, with Redis if there are several."""
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("load"))
        site = Site(data, database_url=url, options=RELAXED)
        site.manage("setup")
        stores = {"PostgreSQL": postgres.server_pid(url)}
        nodes: Sequence[Site] = [site]
        if count == 1:
            stack.enter_context(site)
        else:
            cluster = stack.enter_context(Cluster(data, count=count, database_url=url, options=RELAXED))
            nodes, stores = cluster.nodes, {"Redis": cluster.redis.pid, **stores}
        target = stack.enter_context(started_site(nodes[0], accounts))
        yield replace(target, nodes=nodes, stores=stores)


@contextlib.contextmanager
def started_site(site: Site, accounts: int) -> Iterator[Target]:
    """Create accounts and a service on a site that runs."""
    with contextlib.closing(SharedSite(site, {"member": accounts} if accounts else {})) as shared_site:
        made = [shared_site.account("member") for _ in range(accounts)]
        tokens = [Service.make(shared_site, "use_gateway").token for _ in range(_SERVICES)]
        logins = [Login(account.name, account.token) for account in made]
        yield Target("127.0.0.1", site.port, logins, tokens, site)


def other_site(url: str, tokens: Path) -> Target:
    """Return a site that runs elsewhere.

    The JSON file holds `{"services": ["<API token>", …], "users": [["<name>", "<service token>"], …]}`.
    """
    address = urlsplit(url)
    if address.scheme != "http" or not address.hostname:
        raise ValueError(f"{url}: give the address as http://host:port")
    known = json.loads(tokens.read_text())
    logins = [Login(name, token) for name, token in known["users"]]
    return Target(address.hostname, address.port or 80, logins, known["services"])
