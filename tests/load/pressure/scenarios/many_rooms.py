"""Many small channels, each with a few messages: rooms of a few users, and private channels of two."""

from __future__ import annotations

from dataclasses import dataclass

from tests.load.pressure.crew import Crew
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import create_rooms, measure


@dataclass(frozen=True)
class ManyRooms:
    """`rooms` channels of `size` users, of whom one of each sends. Two users share a private channel."""

    name: str = "many-rooms"
    rooms: int = 2000
    size: int = 5
    rate: float = 1000
    seconds: float = 20
    processes: int = 2
    needs_own_site: bool = False

    @property
    def accounts(self) -> int:
        return self.rooms * self.size

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"{self.rooms} channels of {self.size} users, {self.rate:g} messages/s offered")
        with Crew(target.host, target.ports, self.processes, quiet=quiet) as crew:
            logins = target.logins[: self.accounts]
            crew.connect(logins)
            channels = create_rooms(crew, [login.name for login in logins], self.size)
            crew.settle()
            crew.expect([(channels[member // self.size],) for member in range(self.accounts)])
            # Members are in processes, and perhaps on nodes, in turn; so are the senders.
            senders = [(room * self.size + room // 2 % self.size, channel) for room, channel in enumerate(channels)]
            measure(crew, target, result, senders, int(self.rate * self.seconds), self.rate, self.size - 1)
            result.add_latencies("send to receive", crew.latencies(), {0.99: at_most(200)})
            result.verdicts.append(crew.judge(senders))
        return result
