"""A node without work: its start, its memory and its CPU, alone and with idle connections."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.load.pressure.crew import Crew
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import guests, measure

BROWSER_HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
    "Cache-Control: no-cache\r\nPragma: no-cache\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
)


@dataclass(frozen=True)
class Idle:
    members: int = 5000
    seconds: float = 10
    """Seconds for which CPU is measured."""
    processes: int = 1
    accounts: int = 0
    name: str = "idle"
    needs_own_site: bool = True

    def run(self, target: Target, *, quiet: bool) -> Result:
        assert target.site is not None
        result = Result(self.name, f"{self.members} logged-in connections with the headers of a browser")
        target.site.stop()
        began = time.perf_counter()
        target.site.start()
        result.add("start until it serves, second time", time.perf_counter() - began, "s", at_most(2))
        time.sleep(self.seconds / 2)
        empty = target.resident_bytes
        result.add("process baseline", empty / 2**20, "MiB", at_most(100))
        result.add("CPU of a node without connections", self._idle_cpu(target), "%", at_most(0.2))
        with Crew(target.host, target.ports, self.processes, quiet=quiet) as crew:
            crew.connect(guests(self.members), headers=BROWSER_HEADERS)
            crew.settle()
            grown = (target.resident_bytes - empty) / 1024 / self.members
            result.add("memory added per connection", grown, "KiB", at_most(10))
            result.add("CPU of a node with idle connections", self._idle_cpu(target), "%")
            rooms = crew.gather("rooms")
            crew.expect([(room,) for room in rooms])
            reached = Result(self.name, "")
            measure(crew, target, reached, [(0, rooms[0])], 1, 1, self.members - 1)
            result.add_latencies("a message to all", crew.latencies(), {})
            result.verdicts.append(crew.judge([(0, rooms[0])]))
        return result

    def _idle_cpu(self, target: Target) -> float:
        """Return the per cent of a core that the server uses."""
        cpu, began = target.cpu, time.perf_counter()
        time.sleep(self.seconds)
        return (target.cpu - cpu) / (time.perf_counter() - began) * 100
