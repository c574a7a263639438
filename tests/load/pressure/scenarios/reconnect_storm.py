"""All users of a node that was killed come back at the same instant, while others talk."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.load.measurements import percentile
from tests.load.pressure.crew import ACKNOWLEDGED, Crew
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target
from tests.load.pressure.throughput import create_rooms


@dataclass(frozen=True)
class ReconnectStorm:
    """`members` users in rooms of `size` are sent messages as the node dies. `talkers` users talk while they return."""

    members: int = 5000
    size: int = 50
    rate: float = 200
    talkers: int = 20
    talk_seconds: float = 20
    back_goal: float = 10
    """Seconds until all are back with what they missed."""
    name: str = "reconnect-storm"
    needs_own_site: bool = True

    @property
    def accounts(self) -> int:
        return self.members + self.talkers

    def run(self, target: Target, *, quiet: bool) -> Result:
        assert target.site is not None
        result = Result(self.name, f"{self.members} users reconnect at once to a node that was killed")
        logins = target.logins[: self.accounts]
        names = [login.name for login in logins]
        with (
            Crew(target.host, target.ports, 2, quiet=quiet) as crowd,
            Crew(target.host, target.ports, quiet=quiet) as others,
        ):
            crowd.connect(logins[: self.members])
            others.connect(logins[self.members :])
            rooms = create_rooms(crowd, names[: self.members], self.size)
            talk = create_rooms(others, names[self.members :], self.talkers)[0]
            crowd.settle()
            crowd.expect([(rooms[member // self.size],) for member in range(self.members)])
            others.expect([(talk,)] * self.talkers)
            firsts = [(index * self.size, room) for index, room in enumerate(rooms)]
            messages = int(self.rate * 4)
            crowd.begin_talk(firsts, messages, self.rate, window=messages)
            time.sleep(2)
            target.site.kill()
            crowd.finish()
            target.site.start()
            self._return(crowd, others, target, result, talk)
            crowd.await_deliveries(messages, messages * (self.size - 1))
            result.verdicts += [crowd.judge(firsts), others.judge([(0, talk)])]
        return result

    def _return(self, crowd: Crew, others: Crew, target: Target, result: Result, channel: str) -> None:
        others.call("return_together", at_a_time=self.talkers)
        blocked, cpu = target.blocked_turns(), target.cpu
        messages = int(50 * self.talk_seconds)
        others.begin_talk([(member, channel) for member in range(self.talkers)], messages, 50)
        time.sleep(0.5)
        crowd.begin("return_together", at_a_time=self.members)
        back = sorted(seconds for part in crowd.finish() for seconds in part)
        others.run_with_bar("others talk", ACKNOWLEDGED, messages)
        others.await_deliveries(messages, messages * (self.talkers - 1))
        result.add("all back with what they missed", back[-1], "s", at_most(self.back_goal))
        result.add("half of them back", percentile(back, 0.5), "s")
        result.add("server CPU per return", (target.cpu - cpu) / self.members * 1e3, "ms")
        result.add("event loop blocked for over 100 ms", target.blocked_turns() - blocked, "times", at_most(0))
        result.add_latencies("messages of others", others.latencies(), {0.99: at_most(500)})
