"""The members of one group send over the protobuf protocol, each to all others, at a fixed rate."""

from __future__ import annotations

from dataclasses import dataclass

import uvloop

from tests.load import group_delivery
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target


@dataclass(frozen=True)
class ProtobufGroup:
    """The benchmark of the system that this protocol comes from: its goal is the server's CPU for all of it.

    Count and sum of the numbers that each member received stand for the oracle: this protocol has no history to read.
    """

    members: int = 500
    rate: float = 500
    seconds: float = 40
    cpu_goal: float = 15
    name: str = "protobuf-group"
    accounts: int = 0
    needs_own_site: bool = True

    def run(self, target: Target, *, quiet: bool) -> Result:
        assert target.site is not None
        load = group_delivery.Load(self.members, self.rate, self.seconds)
        result = Result(self.name, f"{self.members} members, {self.rate:g} messages/s for {self.seconds:g} s")
        run = uvloop.run(group_delivery.measure(target.site, load))
        result.add("deliveries", run.deliveries / run.elapsed, "/s")
        result.add("server CPU", run.server_cpu, "s", at_most(self.cpu_goal))
        result.add("server CPU per delivery", run.server_cpu / max(1, run.deliveries) * 1e6, "µs")
        result.add("server CPU of a core", run.server_cpu / run.elapsed * 100, "%")
        result.add("client CPU of a core", run.client_cpu / run.elapsed * 100, "%")
        result.add_latencies("send to receive", run.latencies, {})
        result.faults += run.faults
        return result
