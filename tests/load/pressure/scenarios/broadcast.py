"""One user speaks in the channel of everybody on the app."""

from __future__ import annotations

from dataclasses import dataclass

from tests.load.pressure.crew import Crew
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import guests, measure


@dataclass(frozen=True)
class Broadcast:
    members: int = 10_000
    messages: int = 40
    rate: float = 2
    processes: int = 2
    accounts: int = 0
    name: str = "broadcast"
    needs_own_site: bool = False

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"{self.messages} messages to {self.members} users, {self.rate:g}/s")
        with Crew(target.host, target.ports, self.processes, quiet=quiet) as crew:
            logins = target.logins[: self.members] if target.site is None else guests(self.members)
            crew.connect(logins)
            crew.settle()
            rooms = crew.gather("rooms")
            crew.expect([(room,) for room in rooms])
            measure(crew, target, result, [(0, rooms[0])], self.messages, self.rate, len(logins) - 1)
            result.add_latencies("send to receive", crew.latencies(), {0.99: at_most(500)})
            result.verdicts.append(crew.judge([(0, rooms[0])]))
        return result
