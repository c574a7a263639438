"""Other systems call all nodes over HTTP: they ask who is online, or send messages."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

from tests.load.measurements import percentile
from tests.load.pressure import gateway_callers
from tests.load.pressure.crew import Crew
from tests.load.pressure.gateway_callers import Plan
from tests.load.pressure.scenario import Result
from tests.load.pressure.target import Target

_USERS = 40


@dataclass(frozen=True)
class ClusterCalls:
    """`callers` wait for each answer. They are spread over the nodes, and so are the users that they ask about."""

    callers: int
    sends: bool = False
    seconds: float = 5
    name: str = "cluster-calls"
    accounts: int = _USERS
    needs_own_site: bool = False

    def run(self, target: Target, *, quiet: bool) -> Result:
        kind = "send to a user" if self.sends else "ask for a user"
        result = Result(self.name, f"{self.callers} callers {kind}")
        logins, count = target.logins[:_USERS], len(target.ports)
        with (
            ProcessPoolExecutor(count, get_context("spawn")) as pool,
            Crew(target.host, target.ports, quiet=quiet) as crew,
        ):
            crew.connect(logins)
            crew.settle()
            crew.expect([()] * _USERS)
            tag = crew.begin_calls()
            # The user that callers ask about is on the node after theirs.
            users = [logins[(number + 1) % count].name for number in range(count)]
            plans = [self._plan(target, number, user, f"{tag}{number}.") for number, user in enumerate(users)]
            # The first calls create the private channels and the pool's processes.
            warm = list(pool.map(gateway_callers.run, [replace(plan, seconds=0.5) for plan in plans]))
            crew.await_deliveries(0, sum(len(outcome.acknowledged) for outcome in warm))
            crew.expect([()] * _USERS)
            tag = crew.begin_calls()
            plans = [replace(plan, tag=f"{tag}{number}.") for number, plan in enumerate(plans)]
            stores, cpu = target.store_cpu(), target.cpu
            outcomes = list(pool.map(gateway_callers.run, plans))
            calls = sum(outcome.answers for outcome in outcomes)
            acknowledged = [message for outcome in outcomes for message in outcome.acknowledged]
            if self.sends:
                crew.await_deliveries(0, len(acknowledged))
            result.add("CPU per call", (target.cpu - cpu) / max(1, calls) * 1e6, "µs")
            for name, seconds in target.store_cpu().items():
                result.add(f"{name} CPU per message", (seconds - stores[name]) / max(1, calls) * 1e6, "µs")
            elapsed = max(outcome.elapsed for outcome in outcomes)
            result.add("calls", calls / elapsed, "/s")
            result.add("messages", len(acknowledged) / self.seconds, "/s")
            latencies = sorted(seconds for outcome in outcomes for seconds in outcome.latencies)
            for share in (0.5, 0.99):
                result.add(f"send to receive p{share * 100:g}", percentile(latencies, share) * 1e3, "ms")
            result.faults += [f"wrong answer: {answer!r}" for outcome in outcomes for answer in outcome.wrong[:3]]
            if self.sends:
                sent = set().union(*(outcome.sent for outcome in outcomes))
                channels: list[set[str]] = [
                    set().union(*(outcome.channels.get(login.name, set()) for outcome in outcomes)) for login in logins
                ]
                result.verdicts.append(crew.judge_calls(sent, acknowledged, channels))
        return result

    def _plan(self, target: Target, number: int, user: str, tag: str) -> Plan:
        callers = max(1, self.callers // len(target.ports))
        port = target.ports[number]
        if self.sends:
            tokens = [target.tokens[number % len(target.tokens)]]
            return Plan(port, "POST", "/api/v1/messages/", b'"seq":', self.seconds, tokens, callers, [user], tag=tag)
        path = f"/user/online?userID={user}&appID=101"
        return Plan(port, "GET", path, b'"online":true', self.seconds, callers=callers)
