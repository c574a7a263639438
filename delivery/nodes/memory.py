"""The registry of a site that runs as one process."""

from __future__ import annotations

from delivery.log import now_ms
from delivery.metrics import fault_counts
from delivery.nodes.base import (
    ConnectionCounter,
    NodeInfo,
    NodesCallback,
    count_no_connections,
    ignore_node_changes,
)


class MemoryNodeRegistry:
    """A registry of this node alone; see `delivery.nodes.base.NodeRegistry`."""

    def __init__(self, node: str = "") -> None:
        self.id = node
        self.address = ""
        self.count_connections: ConnectionCounter = count_no_connections
        self.on_change: NodesCallback = ignore_node_changes
        self._started = now_ms()

    async def start(self) -> None:
        """Do nothing: there are no other nodes."""

    async def stop(self) -> None:
        """Do nothing: there are no other nodes."""

    def live(self) -> dict[str, NodeInfo]:
        return {self.id: NodeInfo(self.id, self.address, self._started, *self.count_connections(), fault_counts())}
