"""A process of HTTP callers. Each repeats a call on a connection of its own and waits for every answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import orjson
import uvloop

from tests.load import measurements
from tests.load.http_load_client import Caller, Calls, request


@dataclass(frozen=True)
class Plan:
    """The calls of one measurement. A message's text is its time of sending and its key."""

    port: int
    method: str
    path: str
    expected: bytes
    seconds: float
    tokens: Sequence[str] = ("",)
    """The callers' tokens, in turn."""
    callers: int = 8
    to: Sequence[str] = ()
    """Recipients of each call's messages; none if the call sends nothing."""
    is_bulk: bool = False
    tag: str = ""


@dataclass
class Outcome:
    """The answers and CPU of the callers, with key, channel and number of each acknowledged message."""

    answers: int
    wrong: list[bytes]
    latencies: list[float]
    """Seconds of each call."""
    elapsed: float
    cpu: float
    sent: set[str] = field(default_factory=set)
    acknowledged: list[tuple[str, str, int]] = field(default_factory=list)
    channels: dict[str, set[str]] = field(default_factory=dict)
    """Channels with messages for each recipient."""


class SendingCaller(Caller):
    """A caller whose every request carries new messages."""

    def __init__(self, make: Callable[[], tuple[list[str], bytes]], plan: Plan, calls: Calls, outcome: Outcome) -> None:
        super().__init__(b"", plan.expected, calls)
        self._make, self._outcome, self._plan = make, outcome, plan
        self._keys: list[str] = []

    def data_received(self, data: bytes) -> None:
        before, whole = self._calls.answers, self._buffer + data
        keys = self._keys
        super().data_received(data)
        if self._calls.answers > before:
            body = orjson.loads(whole.partition(b"\r\n\r\n")[2])
            answers = body.get("results", []) if self._plan.is_bulk else [body]
            for key, name, answer in zip(keys, self._plan.to, answers, strict=False):
                for message in answer.get("messages") or ():
                    if "seq" in message:
                        self._outcome.acknowledged.append((key, message["target"], message["seq"]))
                        self._outcome.channels.setdefault(name, set()).add(message["target"])

    def _send(self) -> None:
        self._keys, self._request = self._make()
        self._outcome.sent.update(self._keys)
        super()._send()


async def _run(plan: Plan) -> Outcome:
    calls, loop = Calls(), asyncio.get_running_loop()
    outcome = Outcome(0, calls.wrong, calls.latencies, 0, 0)
    numbers = iter(range(1 << 60))

    def make(token: str) -> tuple[list[str], bytes]:
        keys = [f"{plan.tag}{next(numbers)}" for _ in plan.to]
        texts = [f"{time.perf_counter_ns()} {key}" for key in keys]
        messages = [{"to": {"user": name}, "msg": text} for name, text in zip(plan.to, texts, strict=True)]
        body = json.dumps({"messages": messages} if plan.is_bulk else messages[0]).encode()
        return keys, request(plan.port, plan.method, plan.path, token=token, body=body)

    began, cpu = time.perf_counter(), measurements.own_cpu_seconds()
    callers: list[Caller] = []
    for number in range(plan.callers):
        token = plan.tokens[number % len(plan.tokens)]
        if plan.to:
            factory = partial(SendingCaller, partial(make, token), plan, calls, outcome)
            _, caller = await loop.create_connection(factory, "127.0.0.1", plan.port)
            callers.append(caller)
        else:
            raw = request(plan.port, plan.method, plan.path, token=token)
            _, simple = await loop.create_connection(partial(Caller, raw, plan.expected, calls), "127.0.0.1", plan.port)
            callers.append(simple)
    await asyncio.sleep(plan.seconds)
    for each in callers:
        each.stop()
    async with asyncio.timeout(60):
        await asyncio.gather(*(each.ended for each in callers))
    outcome.answers, outcome.elapsed = calls.answers, time.perf_counter() - began
    outcome.cpu = measurements.own_cpu_seconds() - cpu
    return outcome


def run(plan: Plan) -> Outcome:
    """Make the calls in this process; return their outcome."""
    return uvloop.run(_run(plan))
