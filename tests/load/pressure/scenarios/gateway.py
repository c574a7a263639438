"""Other systems ask who is online and send messages over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

from tests.load.gateway_calls import BARE_ANSWER, bare_server, wait_for
from tests.load.measurements import percentile
from tests.load.pressure import gateway_callers
from tests.load.pressure.crew import Crew
from tests.load.pressure.gateway_callers import Outcome, Plan
from tests.load.pressure.scenario import Goal, Result, at_least, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import guests

_SEND_GOALS = {8: (1500.0, 15.0), 64: (5000.0, 40.0)}
"""Calls a second and the 99th percentile in milliseconds, by number of callers."""


@dataclass(frozen=True)
class Gateway:
    """`online` guests are listed, and the first `recipients` accounts receive messages."""

    seconds: float = 5
    online: int = 1000
    callers: Sequence[int] = (8, 64)
    recipients: int = 500
    name: str = "gateway"
    needs_own_site: bool = True

    @property
    def accounts(self) -> int:
        return self.recipients

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"{' and '.join(map(str, self.callers))} callers, {self.seconds:g} s each")
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:

            def call(plan: Plan) -> Outcome:
                outcome = pool.submit(gateway_callers.run, plan).result()
                result.faults += [f"wrong answer: {answer!r}" for answer in outcome.wrong[:3]]
                return outcome

            with bare_server() as (port, _):
                asyncio.run(wait_for(port))
                bare = call(Plan(port, "GET", "/", BARE_ANSWER, self.seconds))
            floor = bare.answers / bare.elapsed
            result.add("bare ASGI application", floor, "calls/s")
            self._ask(target, result, call, floor, quiet=quiet)
            self._send(target, result, call, quiet=quiet)
        return result

    def _ask(
        self, target: Target, result: Result, call: Callable[[Plan], Outcome], floor: float, *, quiet: bool
    ) -> None:
        with Crew(target.host, target.ports, quiet=quiet) as crew:
            crew.connect(guests(self.online))
            crew.settle()
            online = Plan(target.port, "GET", "/user/online?userID=guest%200&appID=101", b'"online":true', self.seconds)
            measure_calls(result, "online", call(online), floor, at_least(0.4 * floor))
            listed = Plan(target.port, "GET", "/user/list?appID=101", b'"guest 0"', self.seconds)
            name = f"list of {self.online}"
            measure_calls(result, name, call(listed), floor, at_least(0.2 * floor))

    def _send(self, target: Target, result: Result, call: Callable[[Plan], Outcome], *, quiet: bool) -> None:
        names = [login.name for login in target.logins[: self.recipients]]
        path, tokens = "/api/v1/messages/", target.tokens
        with Crew(target.host, target.ports, quiet=quiet) as crew:
            crew.connect(target.logins[: self.recipients])
            crew.settle()
            for callers in self.callers:
                plan = Plan(target.port, "POST", path, b'"seq":', self.seconds, tokens, callers, names[:1])
                rate, p99 = _SEND_GOALS.get(callers, (0.0, float("inf")))
                name = f"send, {callers} callers"
                self._send_and_judge(crew, target, result, call, name, plan, at_least(rate), at_most(p99))
            bulk = Plan(target.port, "POST", f"{path}bulk/", b'"status":201', self.seconds, tokens, 2, names, True)
            # The first call of each service creates its channels.
            self._send_and_judge(crew, target, result, call, "bulk with new channels", bulk, None, None)
            self._send_and_judge(crew, target, result, call, "bulk", bulk, at_least(20_000), None)

    def _send_and_judge(
        self,
        crew: Crew,
        target: Target,
        result: Result,
        call: Callable[[Plan], Outcome],
        name: str,
        plan: Plan,
        goal: Goal | None,
        p99: Goal | None,
    ) -> None:
        crew.expect([()] * self.recipients)
        cpu = target.cpu
        outcome = call(replace(plan, tag=crew.begin_calls()))
        messages = len(outcome.acknowledged)
        crew.await_deliveries(0, messages)
        result.add(name, messages / outcome.elapsed, "messages/s", goal)
        result.add(f"{name}: server CPU per message", (target.cpu - cpu) / max(1, messages) * 1e3, "ms", at_most(0.2))
        result.add(f"{name}: p99", percentile(sorted(outcome.latencies), 0.99) * 1e3, "ms", p99)
        channels = [outcome.channels.get(login.name, set()) for login in target.logins[: self.recipients]]
        result.verdicts.append(crew.judge_calls(outcome.sent, outcome.acknowledged, channels))


def measure_calls(result: Result, name: str, outcome: Outcome, floor: float, goal: Goal) -> None:
    """Add the rate of calls and its share of the bare application's."""
    rate = outcome.answers / outcome.elapsed
    result.add(name, rate, "calls/s", goal)
    result.add(f"{name}: share of the bare application", rate / floor, "")
    result.add(f"{name}: p99", percentile(sorted(outcome.latencies), 0.99) * 1e3, "ms")
