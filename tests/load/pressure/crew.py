"""The client processes of a scenario, seen from the process that measures."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any

from tqdm import tqdm

from tests.load.pressure import client_process
from tests.load.pressure.client_process import Talk
from tests.load.pressure.connection import Login
from tests.support.oracle import MemberRecord, Verdict, judge

_PATIENCE_SECONDS = 20.0
"""Seconds without progress after which missing deliveries count as lost."""
_POLL_SECONDS = 0.05
_MINIMUM_WINDOW = 64
CONNECTED, PUSHES, ACKNOWLEDGED = range(3)


class Crew:
    """Client processes. Members are numbered over all processes: member n is in process n % processes."""

    def __init__(self, host: str, ports: Sequence[int], processes: int = 1, *, quiet: bool = False) -> None:
        """Start this many processes, or one for each port if these are more. They use the ports in turn."""
        processes = max(processes, len(ports))
        context = multiprocessing.get_context("spawn")
        self.size = processes
        self.count = 0
        """Number of members."""
        self._quiet = quiet
        self._talks = 0
        self._first_talk = 1
        self._run = f"{time.time_ns():x}"
        self._counters = [context.RawArray("Q", 3) for _ in range(processes)]
        self._pipes = []
        self._processes = []
        for number, counters in enumerate(self._counters):
            port = ports[number % len(ports)]
            here, there = context.Pipe()
            process = context.Process(target=client_process.run, args=(there, counters, host, port), daemon=True)
            process.start()
            there.close()
            self._pipes.append(here)
            self._processes.append(process)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.send(None)
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()

    def total(self, counter: int) -> int:
        """Return a counter, summed over the processes."""
        return sum(int(counters[counter]) for counters in self._counters)

    def call(self, name: str, arguments: Sequence[tuple[Any, ...]] | None = None, **options: Any) -> list[Any]:
        """Run a command in all processes at once and return the results. `arguments` holds those of each process."""
        self.begin(name, arguments, **options)
        return self.finish()

    def begin(self, name: str, arguments: Sequence[tuple[Any, ...]] | None = None, **options: Any) -> None:
        for pipe, own in zip(self._pipes, arguments or [()] * self.size, strict=True):
            pipe.send((name, own, options))

    def finish(self) -> list[Any]:
        """Return the results of the command that runs. Raises RuntimeError if it failed."""
        results = [pipe.recv() for pipe in self._pipes]
        if errors := [error for error, _ in results if error]:
            raise RuntimeError("; ".join(errors))
        return [result for _, result in results]

    @contextlib.contextmanager
    def bar(self, name: str, total: int) -> Iterator[tqdm[Any]]:
        with tqdm(desc=name, total=total, disable=True if self._quiet else None, leave=False) as bar:
            yield bar

    def run_with_bar(self, name: str, counter: int, total: int) -> list[Any]:
        """Show a counter's progress until the running command ends; return the results."""
        with self.bar(name, total) as bar:
            while len(wait(self._pipes, _POLL_SECONDS)) < self.size:
                bar.n = self.total(counter)
                bar.refresh()
                time.sleep(_POLL_SECONDS)
        return self.finish()

    def connect(
        self, logins: Sequence[Login], *, batch: bool = False, headers: str = "", at_a_time: int = 32
    ) -> list[float]:
        """Connect these members and return the seconds of their log-ins when the pushes of their arrival are over."""
        self.call("add", [(logins[index :: self.size],) for index in range(self.size)], batch=batch, headers=headers)
        self.count += len(logins)
        self.begin("connect", at_a_time=max(1, at_a_time // self.size))
        return [seconds for part in self.run_with_bar("log in", CONNECTED, self.count) for seconds in part]

    def settle(self) -> None:
        """Wait until no frame has arrived for a second, so that the pushes of arrivals are over."""
        last = -1
        while (frames := sum(self.call("frames"))) != last:
            last = frames
            time.sleep(1)

    def spread(self, values: Sequence[Any]) -> list[tuple[list[Any]]]:
        """Return values of all members as the arguments of each process."""
        return [(list(values[index :: self.size]),) for index in range(self.size)]

    def gather(self, name: str) -> list[Any]:
        """Return the values that a command has for each member, in the order of members."""
        parts = self.call(name)
        values: list[Any] = [None] * self.count
        for index, part in enumerate(parts):
            values[index :: self.size] = part
        return values

    def create_channels(self, wanted: Sequence[tuple[int, dict[str, Any]]]) -> list[str]:
        """Let members create channels; return their ids in the same order."""
        places: list[list[int]] = [[] for _ in range(self.size)]
        own: list[list[tuple[int, dict[str, Any]]]] = [[] for _ in range(self.size)]
        for place, (member, data) in enumerate(wanted):
            places[member % self.size].append(place)
            own[member % self.size].append((member // self.size, data))
        made = [""] * len(wanted)
        for part, ids in zip(places, self.call("create_channels", [(item,) for item in own]), strict=True):
            for place, id in zip(part, ids, strict=True):
                made[place] = id
        return made

    def expect(self, channels: Sequence[tuple[str, ...]]) -> None:
        """Begin new records; each member must from now receive all messages of its channels."""
        self.call("reset", self.spread(channels))
        self._first_talk = self._talks + 1

    def begin_talk(
        self, senders: Sequence[tuple[int, str]], messages: int, rate: float, *, window: int | None = None
    ) -> None:
        """Let members send in turn, together at this rate. Only members of processes with senders take part.

        They pause while `window` messages are unacknowledged, by default a fifth of a second's, so that a server that
        is slower than the rate shows its throughput instead of a growing queue.
        """
        window = max(_MINIMUM_WINDOW, int(rate / 5)) if window is None else window
        own: list[list[tuple[int, str]]] = [[] for _ in range(self.size)]
        for member, channel in senders:
            own[member % self.size].append((member // self.size, channel))
        active = sum(bool(part) for part in own)
        self._talks += 1
        base = Talk((), 0, rate / active, window // active, "")
        talks = []
        turn = 0
        for index, part in enumerate(own):
            share = (messages + active - 1 - turn) // active if part else 0
            turn += bool(part)
            talks.append((replace(base, senders=part, messages=share, tag=f"{self._run}.{self._talks}.{index}."),))
        self.begin("talk", talks)

    def await_deliveries(self, acknowledged: int, deliveries: int) -> float:
        """Wait until so many are acknowledged and received, or nothing more arrives; return the time of the last."""
        last, since = -1, time.perf_counter()
        with self.bar("receive", deliveries) as bar:
            while True:
                received = self.total(PUSHES) + self.total(ACKNOWLEDGED)
                bar.n = self.total(PUSHES)
                bar.refresh()
                if received != last:
                    last, since = received, time.perf_counter()
                complete = self.total(ACKNOWLEDGED) >= acknowledged and self.total(PUSHES) >= deliveries
                if complete or time.perf_counter() - since > _PATIENCE_SECONDS:
                    return since
                time.sleep(_POLL_SECONDS)

    def stored(self, readers: Sequence[tuple[int, str]]) -> list[tuple[str, str, int]]:
        """Read channels as these members; return key, channel and number of the messages of this crew."""
        own: list[list[tuple[int, str]]] = [[] for _ in range(self.size)]
        for member, channel in readers:
            own[member % self.size].append((member // self.size, channel))
        parts = self.call("stored", [(part,) for part in own])
        return [message for part in parts for message in part if message[0].startswith(self._run)]

    def judge(self, readers: Sequence[tuple[int, str]]) -> Verdict:
        """Judge the messages since `expect`. `readers` are members that read each channel's history."""
        tags = tuple(f"{self._run}.{number}." for number in range(self._first_talk, self._talks + 1))
        stored = [message for message in self.stored(readers) if message[0].startswith(tags)]
        records: list[MemberRecord] = self.gather("records")
        return judge(records, stored)

    def begin_calls(self) -> str:
        """Return the beginning of the keys of messages that callers outside the crew are about to send."""
        self._talks += 1
        return f"{self._run}.{self._talks}."

    def judge_calls(
        self, sent: set[str], acknowledged: list[tuple[str, str, int]], channels: Sequence[set[str]]
    ) -> Verdict:
        """Judge messages of callers outside the crew. `channels` are those in which each member was sent some."""
        caller = MemberRecord("callers", (), sent=sent, acknowledged=acknowledged)
        records: list[MemberRecord] = self.gather("records")
        for record, own in zip(records, channels, strict=True):
            record.channels = tuple(own)
        readers = [(member, channel) for member, own in enumerate(channels) for channel in own]
        tag = f"{self._run}.{self._talks}."
        return judge([*records, caller], [message for message in self.stored(readers) if message[0].startswith(tag)])

    @property
    def cpu(self) -> float:
        """CPU seconds of all client processes."""
        return float(sum(self.call("cpu")))

    def latencies(self) -> list[float]:
        """Return the sampled milliseconds from sending to receiving, sorted."""
        return sorted(value for part in self.call("latencies") for value in part)

    def close(self) -> None:
        """Close all connections and forget the members."""
        self.call("close")
        self.count = 0
