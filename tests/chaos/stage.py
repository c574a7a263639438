"""The running site of a scenario, as its fault sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tests.chaos.crowd import Crowd
from tests.chaos.member import ChaosMember
from tests.load.pressure.scenario import format_number
from tests.support.cluster import Cluster, Node
from tests.support.redis import RedisServer
from tests.support.shared_site import Account, SharedSite


class Stage:
    """The cluster, its crowd, and what the scenario has found itself."""

    def __init__(self, cluster: Cluster, crowd: Crowd, shared_site: SharedSite) -> None:
        self.cluster = cluster
        self.crowd = crowd
        self.shared_site = shared_site
        self.concerned: set[ChaosMember] = set()
        self.figures: dict[str, str] = {}
        self.failures: list[str] = []

    @property
    def a(self) -> Node:
        return self.cluster.nodes[0]

    @property
    def b(self) -> Node:
        return self.cluster.nodes[1]

    @property
    def redis(self) -> RedisServer:
        return self.cluster.redis

    def members_at(self, node: Node) -> list[ChaosMember]:
        """Return the members who prefer this node."""
        return self.crowd.at(node.port)

    def concern(self, members: Iterable[ChaosMember]) -> None:
        """Say that these members suffer from the fault and may have to wait until its end."""
        self.concerned.update(members)

    def concern_everybody(self) -> None:
        self.concern(self.crowd.members)

    async def last(self, seconds: float) -> None:
        """Let the fault last for this time, while the crowd goes on."""
        await asyncio.sleep(seconds)

    def accounts(self, count: int) -> list[Account]:
        """Return unused accounts that do not belong to the crowd. Blocks while they are created."""
        return self.shared_site.accounts("guest", count)

    def shell(self, script: str) -> str:
        """Run Python in another process over the site's data; return the output."""
        return self.shared_site.shell(script)

    def fail(self, text: str) -> None:
        """Record a fault of the scenario's own."""
        self.failures.append(text)

    def add(self, name: str, value: float, unit: str = "", limit: float | None = None) -> None:
        """Record a figure. Above the limit it is a fault."""
        self.figures[name] = f"{format_number(value)} {unit}".strip()
        if limit is not None and value > limit:
            self.fail(f"{name}: {format_number(value)} {unit} (at most {limit:g})")
