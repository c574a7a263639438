"""Two nodes, `a` and `b`, with accounts that nobody has used."""

from __future__ import annotations

from tests.support.cluster import Cluster
from tests.support.people import Town

CROWD = {"alice": 30, "bob": 30, "carol": 20, "dave": 5}


class Twins:
    """A running cluster and its town, whose own site is node `a`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.a, self.b = cluster.nodes
        self.town = Town(self.a, CROWD)

    def close(self) -> None:
        self.town.close()
