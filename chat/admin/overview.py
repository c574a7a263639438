"""The admin's first page: who is online where, how much is said, and what is wrong, as far as this process knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from prometheus_client import REGISTRY

from accounts.selectors import apps_enabled
from chat.admin.reads import COUNTED, messages_since, open_reports
from chat.admin.statistics import figures
from chat.consumers.node import running_node
from delivery import log, publish
from delivery.hub import Hub
from delivery.nodes import NodeInfo

LOOP_PATIENCE = 2.0
"""Seconds in which a healthy event loop answers."""
LAG = 1000
"""Events that may wait to be delivered before it is called a fault: a burst is none."""
KNOWN = 1000
"""People of an app who are asked for by name, so that one who is on two apps is counted once,"""
NAMED = 30
"""and those who are shown."""
COUNTERS = {
    "imsite_errors": "Faults that were logged",
    "imsite_outbox_overflows": "Connections closed because they read too slowly",
    "imsite_layer_dropped": "Messages of other nodes that were dropped",
    "imsite_grpc_dropped": "Events between nodes that were dropped",
    "imsite_repairs": "Events that had to be read from the log",
}
"""Counters of this process that tell of errors and losses, and what they are called here."""


@dataclass(frozen=True, slots=True)
class Online:
    """What the site has at a moment. `apps` are names with numbers of people; `nodes` all that live."""

    apps: list[tuple[str, int]]
    people: dict[int, str]
    connections: int
    watermark: int
    nodes: list[NodeInfo] = field(default_factory=list)
    here: str = ""

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


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The page's context: unfold calls this. What of it tells about people is for those who may see them."""
    faults: list[str] = []
    online = look(faults)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = messages_since(midnight)
    people = sorted(online.people.items(), key=lambda person: person[1])[:NAMED] if online is not None else []
    may_see = request.user.has_perm
    return context | {
        "title": "Overview",
        "faults": faults,
        "online": online,
        "nodes": nodes_shown(online),
        "people": people if may_see("accounts.view_user") else [],
        "more": online.count - len(people) if online is not None else 0,
        "today": f"{today} or more" if today == COUNTED else str(today),
        "reports": open_reports() if may_see("chat.view_report") else None,
        "figures": figures() if may_see("chat.view_channel") else None,
        "counters": counters(),
    }


def look(faults: list[str]) -> Online | None:
    """What the nodes say; None, and the reason among the faults, if this process's says nothing."""
    if not publish.running():
        faults.append("No node runs in this process, so who is online is not known here.")
        return None
    hub = publish.hub()
    apps = [(app.number, str(app)) for app in apps_enabled()]
    head = log.head()
    try:
        online = publish.ask(lambda: _look(hub, apps), LOOP_PATIENCE)
    except (TimeoutError, RuntimeError):
        faults.append(f"The node's event loop has not answered for {LOOP_PATIENCE:.0f} seconds.")
        return None
    if (lag := head - online.watermark) > LAG:
        faults.append(f"Delivery is {lag} events behind what is stored.")
    return online


async def _look(hub: Hub, apps: Sequence[tuple[int, str]]) -> Online:
    counted = [(name, await hub.presence.count(number)) for number, name in apps]
    people: dict[int, str] = {}
    for number, _ in apps:
        people |= await hub.presence.persons(number, limit=KNOWN)
    node = running_node()
    nodes = sorted(node.nodes.live().values(), key=lambda one: one.started) if node is not None else []
    here = node.nodes.id if node is not None else ""
    return Online(counted, people, len(hub.connections), hub.watermark, nodes, here)


def nodes_shown(online: Online | None) -> list[NodeShown]:
    """The nodes whose lease has not lapsed, with their load, the longest there first."""
    if online is None:
        return []
    return [
        NodeShown(
            id=node.id,
            address=node.address,
            started=datetime.fromtimestamp(node.started / 1000, UTC),
            connections=online.connections if node.id == online.here else node.connections,
            logged_in=node.logged_in,
            here=node.id == online.here,
        )
        for node in online.nodes
    ]


def lease() -> float:
    """Seconds for which a node counts as there without a sign of life."""
    return float(settings.IM_NODE_LEASE)


def counters() -> list[tuple[str, int]]:
    """What this process has counted of errors and losses since it started."""
    totals = dict.fromkeys(COUNTERS, 0.0)
    for metric in REGISTRY.collect():
        if metric.name in totals:
            totals[metric.name] = sum(one.value for one in metric.samples if not one.name.endswith("_created"))
    return [(COUNTERS[name], int(total)) for name, total in totals.items()]
