"""All users are in one channel, and many of them send: the most deliveries a second."""

from __future__ import annotations

from dataclasses import dataclass

from tests.load.pressure.crew import Crew
from tests.load.pressure.scenario import Result, at_least, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import guests, measure


@dataclass(frozen=True)
class HotChannel:
    """`rate` is the offered load in messages a second, above the goal. Guests in a global channel need no accounts."""

    members: int = 500
    senders: int = 50
    rate: float = 2200
    seconds: float = 20
    batch: bool = False
    deliveries_goal: float = 1_000_000
    processes: int = 1
    accounts: int = 0
    needs_own_site: bool = False

    @property
    def name(self) -> str:
        return "hot-channel-batch" if self.batch else "hot-channel"

    def run(self, target: Target, *, quiet: bool) -> Result:
        batched = "batched" if self.batch else "not batched"
        result = Result(self.name, f"{self.members} users, {self.rate:g} messages/s offered, {batched}")
        with Crew(target.host, target.ports, self.processes, quiet=quiet) as crew:
            logins = target.logins[: self.members] if target.site is None else guests(self.members)
            crew.connect(logins, batch=self.batch)
            rooms = crew.gather("rooms")
            crew.settle()
            crew.expect([(room,) for room in rooms])
            senders = [(member, rooms[member]) for member in range(min(self.senders, len(logins)))]
            goal = at_least(self.deliveries_goal)
            messages = int(self.rate * self.seconds)
            measure(crew, target, result, senders, messages, self.rate, len(logins) - 1, goal=goal)
            result.add_latencies("send to receive", crew.latencies(), {0.99: at_most(200)})
            result.verdicts.append(crew.judge([(0, rooms[0])]))
        return result
