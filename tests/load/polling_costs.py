"""Measures clients that poll: CPU of the node for each poll without output and each delivered message, and memory.

They are guests in one global channel, on one node with SQLite. Latency includes IM_POLLING_INTERVAL, in which the node
collects output, and the time of the load client, which shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from tests.load import measurements
from tests.support.site import Site


class PollingGuest:
    """A guest on one HTTP connection for polls and another for what it sends."""

    def __init__(self, port: int, name: str) -> None:
        self._port, self._name = port, name
        self._connection = "new"
        self._sent = 0
        self.polls = 0
        self.received = 0
        self.latencies: list[float] = []

    async def enter(self) -> None:
        """Open the connection and log in."""
        self._polls = await asyncio.open_connection("127.0.0.1", self._port)
        self._sends = await asyncio.open_connection("127.0.0.1", self._port)
        opened = await self._call(self._sends, "open?batch=1", {})
        self._connection = opened["connection"]
        await self.send("login", appId=101, userId=self._name)
        answer: dict[str, Any] = {"frames": []}
        while not answer["frames"]:
            answer = await self._call(self._polls, "poll", {"after": 0})
        assert '"code":200' in answer["frames"][0], answer
        self._after = answer["last"]

    async def send(self, cmd: str, **data: Any) -> None:
        frame = json.dumps({"seq": "1", "cmd": cmd, "data": data})
        if self._sends[0].at_eof():
            # The server closes a connection that is idle for five seconds.
            self._sends[1].close()
            self._sends = await asyncio.open_connection("127.0.0.1", self._port)
        answer = await self._call(self._sends, "send", {"first": self._sent + 1, "frames": [frame]})
        self._sent = answer["last"]

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            answer = await self._call(self._polls, "poll", {"after": self._after})
            self.polls += 1
            self._after = answer["last"]
            for frame in answer["frames"]:
                self._count(json.loads(frame))

    def _count(self, content: Any) -> None:
        for item in content if isinstance(content, list) else [content]:
            if item["cmd"] == "msg" and item["response"]["data"]["msg"].startswith("at "):
                self.received += 1
                self.latencies.append(time.perf_counter() - float(item["response"]["data"]["msg"].split()[1]))

    async def _call(self, ends: tuple[asyncio.StreamReader, asyncio.StreamWriter], action: str, body: Any) -> Any:
        reader, writer = ends
        content = json.dumps(body)
        writer.write(
            f"POST /acc/polling/{action} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/json\r\nX-Polling-Connection: {self._connection}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n{content}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        answer = json.loads(await reader.readexactly(length))
        assert head.startswith(b"http/1.1 200"), (head, answer)
        return answer


async def _measure(site: Site, clients: int, seconds: float, rate: float) -> None:
    memory = measurements.resident_bytes(site.pid)
    guests = [PollingGuest(site.port, f"guest {number}") for number in range(clients)]
    tasks: list[asyncio.Task[None]] = []
    for start in range(0, clients, 50):
        some = guests[start : start + 50]
        await asyncio.gather(*(guest.enter() for guest in some))
        tasks += [asyncio.create_task(guest.run()) for guest in some]
    # Entering is told to others, which takes a moment.
    await asyncio.sleep(5.0)
    grown = (measurements.resident_bytes(site.pid) - memory) / clients / 1024
    print(f"  {clients} clients that poll            {grown:.1f} KiB of the node each")

    polls, cpu = sum(guest.polls for guest in guests), measurements.cpu_seconds(site.pid)
    await asyncio.sleep(seconds)
    used, polls = measurements.cpu_seconds(site.pid) - cpu, sum(guest.polls for guest in guests) - polls
    print(f"  idle for {seconds:.0f} s                     {polls} polls, {1e6 * used / polls:.0f} µs CPU each")
    print(f"                                   {100 * used / seconds:.1f} % of a core")

    polls, cpu, count = sum(guest.polls for guest in guests), measurements.cpu_seconds(site.pid), int(rate * seconds)
    for number in range(count):
        await guests[number % 20].send("message.send", msg=f"at {time.perf_counter()}")
        await asyncio.sleep(1 / rate)
    expected = count * (clients - 1)
    async with asyncio.timeout(60):
        while sum(guest.received for guest in guests) < expected:  # noqa: ASYNC110  a measurement
            await asyncio.sleep(0.05)
    used, polls = measurements.cpu_seconds(site.pid) - cpu, sum(guest.polls for guest in guests) - polls
    received = sum(guest.received for guest in guests)
    latencies = sorted(time for guest in guests for time in guest.latencies)
    print(f"  {rate:.0f} messages a second to all           {received} of {expected} deliveries by {polls} polls")
    print(f"                                   {1e6 * used / received:.0f} µs CPU for each delivery")
    half, most = (1000 * measurements.percentile(latencies, share) for share in (0.5, 0.99))
    print(f"                                   p50 {half:.0f} ms, p99 {most:.0f} ms")
    for task in tasks:
        task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000, help="clients that poll (default: 1000)")
    parser.add_argument("--seconds", type=float, default=20.0, help="duration of each part (default: 20)")
    parser.add_argument("--rate", type=float, default=1.0, help="messages per second to all of them (default: 1)")
    parser.add_argument("--wait", type=float, default=25.0, help="seconds of a poll without output (default: 25)")
    given = parser.parse_args()
    print(measurements.table(measurements.environment()))
    with tempfile.TemporaryDirectory(prefix="imsite-load-") as data:
        site = Site(Path(data), options={"IM_POLLING_WAIT": str(given.wait), "IM_SEND_RATE": "1000"})
        site.manage("setup")
        with site:
            uvloop.run(_measure(site, given.clients, given.seconds, given.rate))


if __name__ == "__main__":
    main()
