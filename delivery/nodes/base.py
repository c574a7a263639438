"""The registry of nodes: which server processes of the site are running. Every server process is a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

NodesCallback = Callable[[set[str], set[str]], None]
"""Called on the event loop with the ids of nodes that have joined (or restarted), and of nodes that have left."""
ConnectionCounter = Callable[[], tuple[int, int]]
"""Returns how many connections a node has, and how many of them have logged in."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """A node's description of itself. `address`: of its gRPC service; `started`: Unix milliseconds.

    `fault_counts`: errors and drops since its start, see `delivery.metrics.fault_counts`.
    """

    id: str
    address: str
    started: int
    connections: int = 0
    logged_in: int = 0
    fault_counts: Mapping[str, int] = field(default_factory=dict)


class NodeRegistry(Protocol):
    """The registry of nodes from the view of this node. To be used on the node's event loop."""

    id: str
    """The id of this node."""
    address: str
    """The address of this node's gRPC service. To be set before `start`."""
    count_connections: ConnectionCounter
    on_change: NodesCallback
    """Called after `live` has changed."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Leave the registry. The other nodes are notified at once."""

    def live(self) -> dict[str, NodeInfo]:
        """Return the running nodes by id, this one included, as of about a second ago."""


def ignore_node_changes(joined: set[str], left: set[str]) -> None:
    """Do nothing."""


def count_no_connections() -> tuple[int, int]:
    return 0, 0
