"""The admin's first page: who is online where, how much is said, and what is wrong, on all nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.selectors.users import apps_enabled
from chat.admin.queries import COUNTED, messages_since, open_reports
from chat.admin.statistics import figures
from chat.node.lifecycle import running_node
from delivery import log, metrics, publish
from delivery.event_loop import run_on_loop
from delivery.hub.hub import Hub
from delivery.nodes.base import NodeInfo

LOOP_PATIENCE = 2.0
"""Seconds in which a healthy event loop answers."""
LAG = 1000
"""Events that may wait to be delivered before it is called a fault: a burst is none."""
KNOWN = 1000
"""People of an app who are asked for by name, so that one who is on two apps is counted once,"""
NAMED = 30
"""and those who are shown."""
LOSSES = {
    "errors": _("Faults that were logged"),
    "outbox_overflows": _("Connections closed because they read too slowly"),
    "layer_dropped": _("Messages of other nodes that were dropped"),
    "grpc_dropped": _("Events between nodes that were dropped"),
    "log_catchup_events": _("Events that had to be read from the log"),
}
"""What nodes count of faults and losses, and what it is called here."""


@dataclass(frozen=True, slots=True)
class Online:
    """What the site has at a moment. `apps` are names with numbers of people; `nodes` all that live."""

    apps: list[tuple[str, int]]
    people: dict[int, str]
    watermark: int
    nodes: list[NodeInfo]
    here: str

    @property
    def connections(self) -> int:
        return sum(node.connections for node in self.nodes)

    @property
    def count(self) -> int:
        """How many people. Of more than are known by name, one who is on two apps counts twice."""
        return len(self.people) if len(self.people) < KNOWN else sum(count for _, count in self.apps)


@dataclass(frozen=True, slots=True)
class NodeShown:
    id: str
    address: str
    started: datetime
    connections: int
    logged_in: int
    here: bool
    losses: list[int]
    """In the order of LOSSES."""


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The page's context: unfold calls this. What of it tells about people is for those who may see them."""
    faults: list[str] = []
    online = look(faults)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = messages_since(midnight)
    people = sorted(online.people.items(), key=lambda person: person[1])[:NAMED] if online is not None else []
    may_see = request.user.has_perm
    return context | {
        "title": _("Overview"),
        "faults": faults,
        "online": online,
        "nodes": nodes_shown(online),
        "people": people if may_see("accounts.view_user") else [],
        "more": online.count - len(people) if online is not None else 0,
        "today": gettext("%(count)d or more") % {"count": today} if today == COUNTED else str(today),
        "reports": open_reports() if may_see("chat.view_report") else None,
        "figures": figures() if may_see("chat.view_channel") else None,
        "losses": losses_of_all(online),
    }


def look(faults: list[str]) -> Online | None:
    """What the nodes say; None, and the reason among the faults, if this process's says nothing."""
    if not publish.is_running():
        faults.append(gettext("No node runs in this process, so who is online is not known here."))
        return None
    hub = publish.hub()
    apps = [(app.number, str(app)) for app in apps_enabled()]
    head = log.head()
    try:
        online = run_on_loop(lambda: _look(hub, apps), LOOP_PATIENCE)
    except (TimeoutError, RuntimeError):
        faults.append(
            gettext("The node's event loop has not answered for %(seconds)d seconds.") % {"seconds": LOOP_PATIENCE}
        )
        return None
    if (lag := head - online.watermark) > LAG:
        faults.append(gettext("Delivery is %(lag)d events behind what is stored.") % {"lag": lag})
    if metrics.is_redis_away():
        faults.append(gettext("Redis does not answer. Of other nodes, and who is on them, nothing is known here."))
    return online


async def _look(hub: Hub, apps: Sequence[tuple[int, str]]) -> Online:
    counted = [(name, await hub.presence.count_online(number)) for number, name in apps]
    people: dict[int, str] = {}
    for number, _name in apps:
        people |= await hub.presence.list_online(number, limit=KNOWN)
    node = running_node()
    nodes = sorted(node.nodes.live().values(), key=lambda one: one.started) if node is not None else []
    return Online(counted, people, hub.watermark, nodes, node.nodes.id if node is not None else "")


def nodes_shown(online: Online | None) -> list[NodeShown]:
    """The nodes whose lease has not lapsed, with their load, the longest there first."""
    if online is None:
        return []
    return [
        NodeShown(
            id=node.id,
            address=node.address,
            started=datetime.fromtimestamp(node.started / 1000, UTC),
            connections=node.connections,
            logged_in=node.logged_in,
            here=node.id == online.here,
            losses=[node.fault_counts.get(name, 0) for name in LOSSES],
        )
        for node in online.nodes
    ]


def lease() -> float:
    """Seconds for which a node counts as there without a sign of life."""
    return float(settings.IM_NODE_LEASE_SECONDS)


def losses_of_all(online: Online | None) -> list[tuple[str, int]]:
    """What all nodes have counted of faults and losses, each since its start; of this process if it knows of none."""
    told = (
        [node.fault_counts for node in online.nodes]
        if online is not None and online.nodes
        else [metrics.fault_counts()]
    )
    return [(str(label), sum(one.get(name, 0) for one in told)) for name, label in LOSSES.items()]
