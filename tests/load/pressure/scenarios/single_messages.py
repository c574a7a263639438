"""Single messages on an idle site: the time from sending until another user receives the stored message."""

from __future__ import annotations

from dataclasses import dataclass

from tests.load.pressure.crew import Crew
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import guests


@dataclass(frozen=True)
class SingleMessages:
    """One guest sends to another, seldom enough that no message meets the one before."""

    messages: int = 400
    rate: float = 20
    name: str = "single-messages"
    accounts: int = 0
    needs_own_site: bool = False

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"2 users, {self.rate:g} messages/s")
        with Crew(target.host, target.ports, quiet=quiet) as crew:
            crew.connect(target.logins[:2] if target.site is None else guests(2))
            rooms = crew.gather("rooms")
            crew.settle()
            crew.expect([(room,) for room in rooms])
            crew.begin_talk([(0, rooms[0])], self.messages, self.rate)
            crew.finish()
            crew.await_deliveries(self.messages, self.messages)
            result.add_latencies("send to receive", crew.latencies(), {0.5: at_most(4), 0.99: at_most(15)})
            result.verdicts.append(crew.judge([(0, rooms[0])]))
        return result
