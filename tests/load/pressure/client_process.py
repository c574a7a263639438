"""One process of clients. It runs the commands that `crew.Crew` sends through a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import uvloop

from tests.load import measurements, raw_socket
from tests.load.pressure.connection import LoadConnection, Login, Member, messages_in
from tests.support.oracle import MemberRecord

_AT_A_TIME = 32
_SAMPLED_MEMBERS = 20
"""Members of a process whose every delivery is timed."""
_PROGRESS_SECONDS = 0.1
_PAGE = 100


@dataclass(frozen=True)
class Talk:
    """A phase of sending: the senders take turns at a steady pace, and pause while too much is unacknowledged."""

    senders: Sequence[tuple[int, str]]
    """A member's index in this process, and the channel."""
    messages: int
    rate: float
    """Messages a second of this process."""
    window: int
    """Messages of this process that may await their acknowledgement."""
    tag: str
    """Beginning of the keys of this phase's messages."""


class ClientProcess:
    """The members of this process and the commands on them. Each command returns what the crew gets."""

    def __init__(self, counters: Any, host: str, port: int) -> None:
        self._counters = counters
        self._host, self._port = host, port
        self._members: list[Member] = []
        self._samples: list[float] = []
        self._path = "/acc"
        self._headers = ""

    async def show_progress(self) -> None:
        """Update until cancelled the counters that the crew reads: connected, pushes and acknowledgements."""
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            self.count()

    def count(self) -> None:
        self._counters[0] = sum(member.connection is not None for member in self._members)
        self._counters[1] = sum(member.pushes for member in self._members)
        self._counters[2] = sum(len(member.record.acknowledged) for member in self._members)

    async def add(self, logins: Sequence[Login], *, batch: bool, headers: str) -> None:
        """Create members. Those of before stay."""
        self._path, self._headers = "/acc?batch=1" if batch else "/acc", headers
        step = max(1, len(logins) // _SAMPLED_MEMBERS)
        self._members += [
            Member(login, samples=self._samples if number % step == 0 else None) for number, login in enumerate(logins)
        ]

    async def connect(self, *, at_a_time: int = _AT_A_TIME) -> list[float]:
        """Connect all members that are not connected; return the seconds of each log-in."""
        gate = asyncio.Semaphore(at_a_time)
        seconds: list[float] = []

        async def enter(member: Member) -> None:
            async with gate:
                began = time.perf_counter()
                connection = LoadConnection(member)
                await raw_socket.connect(self._port, self._path, connection, host=self._host, headers=self._headers)
                member.connection = connection
                seconds.append(time.perf_counter() - began)

        await asyncio.gather(*(enter(member) for member in self._members if member.connection is None))
        return seconds

    async def frames(self) -> int:
        """Return the number of frames that the present connections received."""
        return sum(member.connection.frames for member in self._members if member.connection is not None)

    async def rooms(self) -> list[str]:
        """Return the global channel of each member's app."""
        return [member.room for member in self._members]

    async def create_channels(self, wanted: Sequence[tuple[int, dict[str, Any]]]) -> list[str]:
        """Let members create channels; return their ids in the same order."""
        gate = asyncio.Semaphore(_AT_A_TIME)

        async def create(index: int, data: dict[str, Any]) -> str:
            async with gate:
                return str((await self._members[index].call("channel.create", **data))["target"])

        return await asyncio.gather(*(create(index, data) for index, data in wanted))

    async def reset(self, channels: Sequence[tuple[str, ...]]) -> None:
        """Begin new records; each member must from now receive all messages of its channels."""
        for member, expected in zip(self._members, channels, strict=True):
            member.reset(expected)
        self._samples.clear()
        self.count()

    async def talk(self, talk: Talk) -> float:
        """Send messages; return the seconds until the last was sent."""
        start = time.perf_counter()
        for number in range(talk.messages):
            delay = start + number / talk.rate - time.perf_counter()
            if delay > 0 or number % 64 == 0:
                await asyncio.sleep(max(0.0, delay))
            if number % 16 == 0:
                await self._await_window(talk.window)
            index, channel = talk.senders[number % len(talk.senders)]
            self._members[index].say(channel, f"{talk.tag}{number}")
        return time.perf_counter() - start

    async def _await_window(self, window: int) -> None:
        """Wait until no more than this many messages await their acknowledgement."""
        while sum(len(member.unacknowledged) for member in self._members) > window:  # noqa: ASYNC110  polled seldom
            await asyncio.sleep(0.002)

    async def records(self) -> list[MemberRecord]:
        return [member.record for member in self._members]

    async def latencies(self) -> list[float]:
        """Return the milliseconds from sending to receiving of the sampled members since the last reset."""
        taken = self._samples[:]
        self._samples.clear()
        return taken

    async def stored(self, readers: Sequence[tuple[int, str]]) -> list[tuple[str, str, int]]:
        """Read each channel's history as a member; return key, channel and number of the load test's messages."""
        gate = asyncio.Semaphore(_AT_A_TIME)

        async def history(index: int, channel: str) -> list[tuple[str, str, int]]:
            found: list[tuple[str, str, int]] = []
            range_: dict[str, Any] = {"after": 0}
            async with gate:
                while True:
                    page = await self._members[index].call("message.history", target=channel, limit=_PAGE, **range_)
                    found += messages_in(page)
                    if not page["hasMore"] or not page["messages"]:
                        return found
                    range_ = {"after": page["messages"][-1]["seq"]}

        pages = await asyncio.gather(*(history(index, channel) for index, channel in readers))
        return [message for page in pages for message in page]

    async def cpu(self) -> float:
        return measurements.own_cpu_seconds()

    async def return_together(self, *, at_a_time: int) -> list[float]:
        """Reconnect all members at the same instant, and let each receive what it missed.

        Returns the seconds of each from the start until it had everything.
        """
        began = time.perf_counter()
        gate = asyncio.Semaphore(at_a_time)
        seconds: list[float] = []

        async def come_back(member: Member) -> None:
            async with gate:
                await self._reconnect(member)
            seconds.append(time.perf_counter() - began)

        await asyncio.gather(*(come_back(member) for member in self._members))
        return seconds

    async def _reconnect(self, member: Member) -> None:
        for attempt in range(30):
            member.held = []
            connection = LoadConnection(member)
            try:
                await raw_socket.connect(self._port, self._path, connection, host=self._host, headers=self._headers)
                member.connection = connection
                await member.sync()
            except OSError:
                connection.abandon()
                await asyncio.sleep(min(2.0, 0.1 * 2**attempt) * random.random())
                continue
            member.record.disconnected = 0
            member.resend()
            return
        raise ConnectionError(f"{member.login.name} did not come back")

    async def close(self) -> None:
        for member in self._members:
            if member.connection is not None:
                connection, member.connection = member.connection, None
                connection.close()
        self._members.clear()
        self._samples.clear()
        await asyncio.sleep(0)


async def _serve(pipe: Connection, counters: Any, host: str, port: int) -> None:
    process = ClientProcess(counters, host, port)
    progress = asyncio.create_task(process.show_progress())
    while (command := await asyncio.to_thread(pipe.recv)) is not None:
        name, arguments, options = command
        method: Callable[..., Awaitable[Any]] = getattr(process, name)
        try:
            result, error = await method(*arguments, **options), ""
        except Exception as failure:
            result, error = None, f"{name}: {failure!r}"
        process.count()
        pipe.send((error, result))
    progress.cancel()


def run(pipe: Connection, counters: Any, host: str, port: int) -> None:
    """Serve the crew's commands until it sends None or is gone."""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        uvloop.run(_serve(pipe, counters, host, port))
