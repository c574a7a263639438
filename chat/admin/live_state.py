"""The live state of the site from the view of this process's node: users online, nodes, health counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.selectors.users import apps_enabled
from chat.node.lifecycle import running_node
from delivery import log, metrics, publish
from delivery.event_loop import run_on_loop
from delivery.hub.hub import Hub
from delivery.nodes.base import NodeInfo

LOOP_TIMEOUT_SECONDS = 2.0
"""Seconds within which a healthy event loop answers."""
MAX_LAG_EVENTS = 1000
"""Undelivered events above which the page shows a warning; a burst below it is normal."""
MAX_USERS_PER_APP = 1000
"""Users of an app who are read by id. Up to that number, a user on two apps is counted once."""
HEALTH_COUNTERS = {
    "errors": _("Logged errors"),
    "outbox_overflows": _("Slow connections closed"),
    "layer_dropped": _("Channel layer messages dropped"),
    "grpc_dropped": _("gRPC events dropped"),
    "log_catchup_events": _("Events recovered from the log"),
}
"""Labels of the counters that each node reports, see `delivery.metrics.fault_counts`."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """Users online and live nodes. `apps` are names with numbers of users; `users` are nicknames by id."""

    apps: list[tuple[str, int]]
    users: dict[int, str]
    watermark: int
    nodes: list[NodeInfo]
    own_node: str

    @property
    def connections(self) -> int:
        return sum(node.connections for node in self.nodes)

    @property
    def user_count(self) -> int:
        """The number of users online. Beyond MAX_USERS_PER_APP, a user on two apps counts twice."""
        return len(self.users) if len(self.users) < MAX_USERS_PER_APP else sum(count for _, count in self.apps)


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node as the admin displays it. `health` has the counters in the order of HEALTH_COUNTERS."""

    id: str
    address: str
    started: datetime
    connections: int
    logged_in: int
    is_own: bool
    health: list[int]


def read_live_state(warnings: list[str]) -> LiveState | None:
    """Return the live state; None without a node or if its event loop does not answer. Appends to `warnings`."""
    if not publish.is_running():
        warnings.append(gettext("No node runs in this process, so the users online are not known here."))
        return None
    hub = publish.hub()
    apps = [(app.number, str(app)) for app in apps_enabled()]
    head = log.head()
    try:
        state = run_on_loop(lambda: _read_hub(hub, apps), LOOP_TIMEOUT_SECONDS)
    except (TimeoutError, RuntimeError):
        warnings.append(
            gettext("The node's event loop has not responded for %(seconds)d seconds.")
            % {"seconds": LOOP_TIMEOUT_SECONDS}
        )
        return None
    if (lag := head - state.watermark) > MAX_LAG_EVENTS:
        warnings.append(gettext("Delivery is %(lag)d events behind the log.") % {"lag": lag})
    if metrics.is_redis_away():
        warnings.append(gettext("Redis does not respond. Other nodes and their users are not known here."))
    if metrics.is_replica_away():
        warnings.append(
            gettext("The replica of PostgreSQL cannot be used. The primary answers history and search as well.")
        )
    return state


async def _read_hub(hub: Hub, apps: Sequence[tuple[int, str]]) -> LiveState:
    counts = [(name, await hub.presence.count_online(number)) for number, name in apps]
    users: dict[int, str] = {}
    for number, _name in apps:
        users |= await hub.presence.list_online(number, limit=MAX_USERS_PER_APP)
    node = running_node()
    nodes = sorted(node.nodes.live().values(), key=lambda info: info.started) if node is not None else []
    return LiveState(counts, users, hub.watermark, nodes, node.nodes.id if node is not None else "")


def node_rows(state: LiveState | None) -> list[NodeRow]:
    """Return the nodes with a valid lease, the oldest first."""
    if state is None:
        return []
    return [
        NodeRow(
            id=node.id,
            address=node.address,
            started=datetime.fromtimestamp(node.started / 1000, UTC),
            connections=node.connections,
            logged_in=node.logged_in,
            is_own=node.id == state.own_node,
            health=[node.fault_counts.get(name, 0) for name in HEALTH_COUNTERS],
        )
        for node in state.nodes
    ]


def lease_seconds() -> float:
    """Return the seconds after which a node that does not renew its lease counts as stopped."""
    return float(settings.IM_NODE_LEASE_SECONDS)


def health_totals(state: LiveState | None) -> list[tuple[str, int]]:
    """Return label and sum of each health counter over all nodes; of this process if no node is known."""
    counters = [node.fault_counts for node in state.nodes] if state is not None else []
    counters = counters or [metrics.fault_counts()]
    return [(str(label), sum(counts.get(name, 0) for counts in counters)) for name, label in HEALTH_COUNTERS.items()]
