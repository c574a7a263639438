"""The nodes of the site: every server process is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Changed = Callable[[set[str], set[str]], None]
"""Called on the event loop with the ids of nodes that have joined (or come back elsewhere), and of those that left."""
Counts = Callable[[], tuple[int, int]]
"""How many connections a node has, and on how many of them somebody is logged in."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What a node says of itself. `address`: where its gRPC service answers; `started`: Unix milliseconds.

    `losses`: what it has counted of faults and losses since then, see `delivery.metrics.fault_counts`.
    """

    id: str
    address: str
    started: int
    connections: int = 0
    logged_in: int = 0
    losses: Mapping[str, int] = field(default_factory=dict)


class Nodes(Protocol):
    """The registry, as this node sees it. To be used on the node's event loop."""

    id: str
    """This node."""
    address: str
    """Where it answers. To be set before `start`."""
    counts: Counts
    changed: Changed
    """Hears of other nodes; `live` has the news already."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Depart: the others know at once."""

    def live(self) -> dict[str, NodeInfo]:
        """The nodes that live, by id, this one among them, as of a second ago."""


def no_change(joined: set[str], left: set[str]) -> None:
    """Nobody wants to know."""


def no_counts() -> tuple[int, int]:
    return 0, 0
