"""Computes nodes, cores, memory, disk and network from the number of people and their habits.

`deploy/sizing.md` has the same formulas in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from imsite.options import OPTIONS
from imsite.sizing import costs

_DEFAULTS = {option.name: option.production for option in OPTIONS}


def _default(name: str) -> float:
    value = _DEFAULTS[name]
    assert isinstance(value, int | float), name
    return value


MAX_CONNECTIONS = int(_default("IM_MAX_CONNECTIONS"))
COMMITS_PER_NODE = 1 / _default("IM_CLUSTER_COMMIT_INTERVAL")
"""Commits a second of a node under load. More messages share these commits."""
COMMITS_OF_SINGLE_NODE = 1 / _default("IM_COMMIT_INTERVAL")
POSTGRES_CONNECTIONS_PER_NODE = int(_default("IM_DB_THREADS")) + 15
MAX_NODES = 100
"""Nodes of one site that are planned for; 100 open 2,300 connections to PostgreSQL."""
FURTHER_POSTGRES_CONNECTIONS = 20
"""Connections for management commands, backups and monitoring."""
MIN_NOFILE = 65536
MICROSECOND = 1e-6
DAY_SECONDS = 86_400
MIB, GB = 1024**2, 1e9


@dataclass(frozen=True, kw_only=True)
class Demand:
    """The people and their habits. `group`: connections that receive a message. `reserve`: share that stays free."""

    people: int
    online: float = 0.2
    messages: float = 20.0
    peak: float = 4.0
    group: float = 10.0
    cores_per_node: float = 1.0
    reserve: float = 0.3

    @property
    def connections(self) -> int:
        return math.ceil(self.people * self.online)

    @property
    def messages_per_day(self) -> float:
        return self.people * self.messages

    @property
    def messages_per_second(self) -> float:
        """In the busiest hour."""
        return self.messages_per_day / DAY_SECONDS * self.peak

    @property
    def usable(self) -> float:
        """The share of a capacity that is planned for."""
        return 1 - self.reserve


@dataclass(frozen=True)
class Site:
    """One of `sites` equal sites, each with its own database, and its costs in the busiest hour."""

    demand: Demand
    sites: int
    nodes: int

    @property
    def connections(self) -> float:
        return self.demand.connections / self.sites

    @property
    def connections_per_node(self) -> int:
        return math.ceil(self.connections / self.nodes)

    @property
    def messages(self) -> float:
        """Messages a second."""
        return self.demand.messages_per_second / self.sites

    @property
    def commits(self) -> float:
        """Commits a second of all nodes."""
        limit = COMMITS_OF_SINGLE_NODE if self.nodes == 1 else COMMITS_PER_NODE * self.nodes
        return min(self.messages, limit)

    @property
    def deliveries(self) -> float:
        """Deliveries a second."""
        return self.messages * self.demand.group

    @property
    def node_cores(self) -> float:
        """Cores that all nodes use."""
        microseconds = (
            self.messages * (costs.CPU_PER_SEND.value + costs.CPU_PER_INDEXED_MESSAGE.value)
            + self.commits * costs.CPU_PER_COMMIT.value
            + self.commits * (self.nodes - 1) * costs.CPU_PER_ANNOUNCED_COMMIT.value
            + self.deliveries * costs.CPU_PER_DELIVERY.value
            + self.connections * costs.CPU_PER_CONNECTION.value
        )
        return microseconds * MICROSECOND + self.nodes * costs.CPU_PER_IDLE_NODE.value / 100

    @property
    def node_mib(self) -> float:
        """Memory of one node, with the kernel's buffers for its connections."""
        kib = costs.KIB_PER_CONNECTION.value + costs.KERNEL_KIB_PER_CONNECTION.value
        return costs.MIB_PER_NODE.value + self.connections_per_node * kib / 1024

    @property
    def redis_cores(self) -> float:
        if self.nodes == 1:
            return 0.0
        return self.commits * self.nodes * costs.REDIS_CPU_PER_ANNOUNCED_COMMIT.value * MICROSECOND

    @property
    def redis_mib(self) -> float:
        return 0.0 if self.nodes == 1 else self.connections * costs.REDIS_BYTES_PER_USER.value / MIB

    @property
    def postgres_cores(self) -> float:
        commits = self.commits * costs.POSTGRES_CPU_PER_COMMIT.value
        return (commits + self.messages * costs.POSTGRES_CPU_PER_MESSAGE.value) * MICROSECOND

    @property
    def postgres_connections(self) -> int:
        """With one node more, which starts while another one stops."""
        return (self.nodes + 1) * POSTGRES_CONNECTIONS_PER_NODE + FURTHER_POSTGRES_CONNECTIONS

    @property
    def disk_gb_per_year(self) -> float:
        return self.demand.messages_per_day * 365 * costs.DATABASE_BYTES_PER_MESSAGE.value / self.sites / GB

    @property
    def client_megabits(self) -> float:
        """Megabits a second to the clients."""
        size = costs.BYTES_PER_PUSH.value + costs.BYTES_PER_PACKET.value
        return self.deliveries * size * 8 / 1e6

    @property
    def redis_megabits(self) -> float:
        """Megabits a second to Redis and from it to each node."""
        copies = 0 if self.nodes == 1 else self.nodes + 1
        return self.messages * copies * costs.BYTES_PER_ANNOUNCEMENT.value * 8 / 1e6

    @property
    def reconnect_seconds(self) -> float:
        """Time until all are logged in again after a restart of all nodes."""
        cpu = self.connections_per_node * costs.CPU_PER_LOG_IN.value * MICROSECOND
        return cpu / self.demand.cores_per_node

    @property
    def nofile(self) -> int:
        """Descriptors of a node: two for each connection that it accepts, with some in reserve."""
        return max(MIN_NOFILE, 2 * MAX_CONNECTIONS)

    @property
    def proxy_connections(self) -> int:
        """Connections of all nginx workers: two for each client, and the reserve."""
        return math.ceil(2 * self.connections / self.demand.usable)

    @cached_property
    def fits(self) -> bool:
        """All parts bear the load with the reserve free, and the other nodes bear it when one fails."""
        usable = self.demand.usable
        return (
            self.connections_per_node <= MAX_CONNECTIONS * usable
            and self.node_cores <= self.nodes * self.demand.cores_per_node * usable
            and self.redis_cores <= usable
            and self.messages <= costs.LOG_MESSAGES_PER_SECOND.value * usable
            and self.commits <= costs.LOG_COMMITS_PER_SECOND.value * usable
            and (self.nodes == 1 or self._bears_loss_of_node)
        )

    @property
    def _bears_loss_of_node(self) -> bool:
        others = self.nodes - 1
        return self.connections <= others * MAX_CONNECTIONS and self.node_cores <= others * self.demand.cores_per_node


def estimate(demand: Demand) -> Site:
    """Return the smallest number of sites that bear the demand, and of nodes in each."""
    sites = _least(lambda count: _fitting(demand, count) is not None)
    site = _fitting(demand, sites)
    assert site is not None
    return site


def _fitting(demand: Demand, sites: int) -> Site | None:
    """Return the site with the fewest nodes, or None if it needs more than MAX_NODES."""
    least = math.ceil(demand.connections / sites / (MAX_CONNECTIONS * demand.usable))
    found = (Site(demand, sites, nodes) for nodes in range(max(1, least), MAX_NODES + 1))
    return next((site for site in found if site.fits), None)


def _least(is_enough: Callable[[int], bool]) -> int:
    """Return the smallest number that is enough. Every larger one is enough as well."""
    high = 1
    while not is_enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
