"""Two nodes, `a` and `b`, with unused accounts."""

from __future__ import annotations

from tests.support.cluster import Cluster
from tests.support.shared_site import SharedSite

CROWD = {"alice": 30, "bob": 30, "carol": 20, "dave": 5}


class TwoNodes:
    """A running cluster, and its SharedSite on node `a`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.a, self.b = cluster.nodes
        self.shared_site = SharedSite(self.a, CROWD)

    def close(self) -> None:
        self.shared_site.close()
