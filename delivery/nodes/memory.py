"""The registry of a site that is one process."""

from __future__ import annotations

from delivery.log import now_ms
from delivery.metrics import fault_counts
from delivery.nodes.base import Changed, Counts, NodeInfo, no_change, no_counts


class MemoryNodes:
    """See `delivery.nodes.base.Nodes`."""

    def __init__(self, node: str = "") -> None:
        self.id = node
        self.address = ""
        self.counts: Counts = no_counts
        self.changed: Changed = no_change
        self._started = now_ms()

    async def start(self) -> None:
        """Nobody has to be told."""

    async def stop(self) -> None:
        """Nobody has to be told."""

    def live(self) -> dict[str, NodeInfo]:
        return {self.id: NodeInfo(self.id, self.address, self._started, *self.counts(), fault_counts())}
