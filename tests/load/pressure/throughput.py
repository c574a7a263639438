"""A phase of sending: throughput, and the CPU of server and clients."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.load.pressure.connection import Login
from tests.load.pressure.crew import ACKNOWLEDGED, PUSHES, Crew
from tests.load.pressure.scenario import Goal, Result
from tests.load.pressure.target import Target


def guests(count: int) -> list[Login]:
    return [Login(f"guest {number}") for number in range(count)]


def measure(
    crew: Crew,
    target: Target,
    result: Result,
    senders: Sequence[tuple[int, str]],
    messages: int,
    rate: float,
    receivers: int,
    *,
    goal: Goal | None = None,
) -> None:
    """Send, wait until all has arrived, and add throughput and CPU. Each message has this many receivers."""
    stores = target.store_cpu()
    cpu, client_cpu, began = target.cpu, crew.cpu, time.perf_counter()
    crew.begin_talk(senders, messages, rate)
    crew.run_with_bar("send", PUSHES, messages * receivers)
    elapsed = crew.await_deliveries(messages, messages * receivers) - began
    cpu, client_cpu = target.cpu - cpu, crew.cpu - client_cpu
    deliveries = crew.total(PUSHES)
    result.add("deliveries", deliveries / elapsed, "/s", goal)
    result.add("messages", crew.total(ACKNOWLEDGED) / elapsed, "/s")
    result.add("server CPU per message", cpu / max(1, messages) * 1e6, "µs")
    result.add("server CPU per delivery", cpu / max(1, deliveries) * 1e6, "µs")
    for name, seconds in target.store_cpu().items():
        result.add(f"{name} CPU per message", (seconds - stores[name]) / max(1, messages) * 1e6, "µs")
    result.add("server CPU of a core", cpu / elapsed * 100, "%")
    result.add("client CPU of a core", client_cpu / elapsed * 100, "%")


def create_rooms(crew: Crew, names: Sequence[str], size: int) -> list[str]:
    """Put the crew's members into channels of this many, in the order of `names`; return the channels' ids.

    Two users get their private channel, more get a group.
    """
    wanted: list[tuple[int, dict[str, object]]] = []
    for first in range(0, len(names), size):
        others = list(names[first + 1 : first + size])
        kind = {"kind": "private"} if size == 2 else {"kind": "public", "name": f"Room {first // size}"}
        wanted.append((first, {**kind, "members": others}))
    return crew.create_channels(wanted)
