"""Writes an estimate as plain text: a table with a column for each size, warnings, and the measured costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from imsite.sizing import costs
from imsite.sizing.estimate import MIN_NOFILE, Demand, Site, estimate

MANY_POSTGRES_CONNECTIONS = 500
"""Each connection is a process of PostgreSQL."""
DEFAULT_PORTS = 60_999 - 32_768 + 1
"""Ports that Linux takes for connections to one address and port, such as those from nginx to a host."""
ALL_PORTS = 65_535 - 1_024 + 1
SOMAXCONN = 4096
"""More than the nodes' own backlog of 2,048."""
LONG_RECONNECT_SECONDS = 30

_ROWS: tuple[tuple[str, Callable[[Site], str]] | str, ...] = (
    "demand in the busiest hour",
    ("connections", lambda site: _whole(site.demand.connections)),
    ("messages/s", lambda site: _short(site.demand.messages_per_second)),
    ("deliveries/s", lambda site: _short(site.demand.messages_per_second * site.demand.group)),
    ("sites", lambda site: _whole(site.sites)),
    "each site",
    ("nodes", lambda site: _whole(site.nodes)),
    ("cores of the nodes, used", lambda site: _short(site.node_cores)),
    ("cores of the nodes, provided", lambda site: _short(site.nodes * site.demand.cores_per_node)),
    ("connections of a node", lambda site: _whole(site.connections_per_node)),
    ("memory of a node, MiB", lambda site: _whole(site.node_mib)),
    ("memory of all nodes, GiB", lambda site: _short(site.node_mib * site.nodes / 1024)),
    ("Redis: cores used", lambda site: _short(site.redis_cores)),
    ("Redis: memory, MiB", lambda site: _short(site.redis_mib)),
    ("Redis: Mbit/s", lambda site: _short(site.redis_megabits)),
    ("PostgreSQL: cores used", lambda site: _short(site.postgres_cores)),
    ("PostgreSQL: disk a year, GB", lambda site: _short(site.disk_gb_per_year)),
    ("network to clients, Mbit/s", lambda site: _short(site.client_megabits)),
    ("all back after a restart, s", lambda site: _short(site.reconnect_seconds)),
    "limits of each site",
    ("LimitNOFILE of a node", lambda site: _whole(site.nofile)),
    ("net.core.somaxconn", lambda _: _whole(SOMAXCONN)),
    ("nodes behind one address and port", lambda site: _whole(_nodes_behind_address(site, DEFAULT_PORTS))),
    ("- with ip_local_port_range 1024 65535", lambda site: _whole(_nodes_behind_address(site, ALL_PORTS))),
    ("worker_connections, all nginx workers", lambda site: _whole(site.proxy_connections)),
    ("max_connections of PostgreSQL", lambda site: _whole(site.postgres_connections)),
    "all sites",
    ("nodes", lambda site: _whole(site.nodes * site.sites)),
    ("PostgreSQL: disk a year, GB", lambda site: _short(site.disk_gb_per_year * site.sites)),
    ("network to clients, Mbit/s", lambda site: _short(site.client_megabits * site.sites)),
)


def sizing_page(demands: Sequence[Demand]) -> str:
    """Return the table of these demands, with their warnings."""
    sites = [estimate(demand) for demand in demands]
    lines = [_line("people", [_whole(demand.people) for demand in demands])]
    for row in _ROWS:
        if isinstance(row, str):
            lines += ["", row]
        else:
            lines.append(_line(f"  {row[0]}", [row[1](site) for site in sites]))
    lines += ["", "warnings"]
    for site in sites:
        found = [f"  {_whole(site.demand.people)} people: {warning}" for warning in warnings(site)]
        lines += found or [f"  {_whole(site.demand.people)} people: none"]
    return "\n".join(lines) + "\n"


def costs_page() -> str:
    """Return the measured costs as a Markdown table."""
    rows = [("cost", "value", "date", "machine", "source"), ("---",) * 5]
    rows += [
        (cost.meaning, f"{cost.value:,g} {cost.unit}", cost.date, cost.machine, cost.source) for cost in costs.COSTS
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def warnings(site: Site) -> Iterator[str]:
    """Yield the limits that this site meets."""
    if site.sites > 1:
        yield (
            f"One site does not bear this. The counter row of the event log has passed {_whole(_LOG.value)} messages/s "
            f"on two shared cores, and each node follows the commits of all others. Run {_whole(site.sites)} sites, "
            "divided by app or region; users of different sites cannot write to each other."
        )
    elif site.messages > _LOG.value * site.demand.usable / 2:
        yield (
            f"More than half of the messages that one site is planned for: the counter row of the event log has "
            f"passed {_whole(_LOG.value)} messages/s on two shared cores."
        )
    if site.nodes == 1:
        yield "One node: nobody is connected while it restarts. Run two for upgrades without an interruption."
    if site.nofile > MIN_NOFILE:
        yield f"Raise LimitNOFILE in imsite.service to {_whole(site.nofile)}: two for each connection."
    if site.nodes > _nodes_behind_address(site, DEFAULT_PORTS):
        yield (
            "nginx runs out of ports if more than "
            f"{_whole(_nodes_behind_address(site, DEFAULT_PORTS))} of these nodes share an address and port. Set "
            "net.ipv4.ip_local_port_range, or spread the nodes over hosts."
        )
    if site.postgres_connections > MANY_POSTGRES_CONNECTIONS:
        yield (
            f"PostgreSQL gets up to {_whole(site.postgres_connections)} connections, a process each. Give it memory "
            "for them, or put PgBouncer before it (IM_PGBOUNCER)."
        )
    if site.nodes > costs.MEASURED_NODES:
        yield f"Extrapolated: no more than {costs.MEASURED_NODES} nodes have been measured, and four under load."
    if site.reconnect_seconds > LONG_RECONNECT_SECONDS:
        yield "After a restart of all nodes, the last ones wait for their log-in. Restart one host after the other."
    if site.demand.cores_per_node > 1:
        yield "A node is one Python process, which can use little more than one core. Run more nodes instead."


_LOG = costs.LOG_MESSAGES_PER_SECOND


def _nodes_behind_address(site: Site, ports: int) -> int:
    return max(1, ports // max(1, site.connections_per_node))


def _line(title: str, cells: Sequence[str]) -> str:
    return f"{title:<40}" + "".join(f"{cell:>14}" for cell in cells)


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _short(value: float) -> str:
    """Return three digits, enough for an estimate."""
    return f"{value:.2g}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
