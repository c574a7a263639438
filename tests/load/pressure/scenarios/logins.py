"""Connections that log in and end, by token and as new guests, beside connections that only get one answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import uvloop

from tests.load import logins
from tests.load.pressure.scenario import Result, at_least, at_most
from tests.load.pressure.target import Target
from tests.support.shared_site import Account


@dataclass(frozen=True)
class Logins:
    """`at_a_time` connections are open at each moment. The floor is an upgrade and a ping, without a log-in."""

    at_a_time: int = 32
    seconds: float = 5
    accounts: int = 500
    name: str = "log-ins"
    needs_own_site: bool = True

    def run(self, target: Target, *, quiet: bool) -> Result:
        assert target.site is not None
        result = Result(self.name, f"{self.at_a_time} log-ins at a time, for {self.seconds:g} s each")
        accounts = itertools.cycle([Account(login.name, "", login.token, "") for login in target.logins])
        wanted = {case.name: case for case in logins.cases(target.port)}
        found = {
            name: uvloop.run(logins.measure(target.site, wanted[name], accounts, self.at_a_time, self.seconds))
            for name in ("upgrade and ping", "log-in by token", "new guest")
        }
        floor, by_token, guest = found.values()
        result.add("upgrade and ping", floor.rate, "/s")
        result.add("upgrade and ping, server CPU", floor.cpu * 1e3, "ms")
        result.add("log-in by token", by_token.rate, "/s")
        result.add("log-in by token, share of upgrade and ping", by_token.rate / floor.rate, "", at_least(0.6))
        result.add("log-in by token, server CPU", by_token.cpu * 1e3, "ms", at_most(0.5))
        result.add("new guest", guest.rate, "/s", at_least(1000))
        result.add("new guest, server CPU", guest.cpu * 1e3, "ms", at_most(1))
        result.faults += [f"{name}: {one.refused} refused" for name, one in found.items() if one.refused]
        return result
