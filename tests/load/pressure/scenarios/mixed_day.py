"""A day in short: four fifths of the traffic come in a fifth of the time, in channels of several sizes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.load.measurements import percentile
from tests.load.pressure.crew import ACKNOWLEDGED, PUSHES, Crew
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import create_rooms

_PHASES = 10
_PEAKS = (3, 7)
_PEAK_SHARE = 0.8 / len(_PEAKS)
_CALM_SHARE = 0.2 / (_PHASES - len(_PEAKS))


@dataclass(frozen=True)
class MixedDay:
    """Half of the senders speak in rooms of `size` users, half in private channels."""

    members: int = 1000
    size: int = 50
    messages: int = 50_000
    seconds: float = 120
    name: str = "mixed-day"
    needs_own_site: bool = False

    @property
    def accounts(self) -> int:
        return self.members

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"{self.members} users, {self.messages} messages in {self.seconds:g} s")
        # In a single process, members take turns exactly, so the number of deliveries is known.
        with Crew(target.host, target.ports, quiet=quiet) as crew:
            logins = target.logins[: self.members]
            names = [login.name for login in logins]
            crew.connect(logins)
            rooms, pairs = create_rooms(crew, names, self.size), create_rooms(crew, names, 2)
            crew.settle()
            crew.expect([(rooms[index // self.size], pairs[index // 2]) for index in range(self.members)])
            talkers = [(2 * pair, pairs[pair]) for pair in range(len(pairs))]
            in_rooms = [(2 * pair, rooms[2 * pair // self.size]) for pair in range(len(pairs))]
            senders = [sender for pair in zip(talkers, in_rooms, strict=True) for sender in pair]
            self._talk(crew, target, result, senders)
            readers = [(index * self.size, room) for index, room in enumerate(rooms)]
            result.verdicts.append(crew.judge([*readers, *talkers]))
        return result

    def _talk(self, crew: Crew, target: Target, result: Result, senders: list[tuple[int, str]]) -> None:
        rates, delays = result.series["messages/s"], result.series["p99 in ms"] = [], []
        latencies: list[float] = []
        cpu, start, sent, pushes = target.cpu, time.perf_counter(), 0, 0
        for phase in range(_PHASES):
            # An even number: a message to a pair and one to a room.
            messages = 2 * round(self.messages * (_PEAK_SHARE if phase in _PEAKS else _CALM_SHARE) / 2)
            began, seconds = time.perf_counter(), self.seconds / _PHASES
            crew.begin_talk(senders, messages, messages / seconds)
            crew.run_with_bar(f"phase {phase + 1} of {_PHASES}", ACKNOWLEDGED, sent + messages)
            sent, pushes = sent + messages, pushes + messages // 2 * self.size
            ended = crew.await_deliveries(sent, pushes)
            taken = crew.latencies()
            latencies += taken
            rates += [(began - start, messages / (ended - began)), (ended - start, messages / (ended - began))]
            delays += [(began - start, percentile(taken, 0.99)), (ended - start, percentile(taken, 0.99))]
        elapsed = time.perf_counter() - start
        result.add("messages at the peak", max(rate for _, rate in rates), "/s")
        result.add("deliveries", crew.total(PUSHES) / elapsed, "/s")
        result.add("server CPU per message", (target.cpu - cpu) / sent * 1e6, "µs")
        result.add_latencies("send to receive", sorted(latencies), {0.99: at_most(200)})
