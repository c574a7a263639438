"""One timer pings all connections, and ends those that do not answer."""

from __future__ import annotations

import asyncio

import pytest

from imsite.server import keepalive
from imsite.server.keepalive import Keepalive
from tests.support.waiting import wait_until

SECONDS = 0.05
LONG = 3600.0


class Connection:
    """A connection that records what happens to it."""

    def __init__(self, pings: Keepalive) -> None:
        self.pings = 0
        self.has_timed_out = False
        self._keepalive = pings

    def send_keepalive_ping(self) -> None:
        self.pings += 1
        self._keepalive.await_pong(self)

    def keepalive_timeout(self) -> None:
        self.has_timed_out = True


async def test_a_connection_that_answers_is_pinged_again() -> None:
    pings = Keepalive(SECONDS, LONG)
    connection = Connection(pings)
    for count in (1, 2, 3):
        pings.schedule_ping(connection)
        await wait_until(lambda count=count: connection.pings == count)  # type: ignore[misc]
    assert not connection.has_timed_out


async def test_a_connection_that_does_not_answer_is_ended() -> None:
    pings = Keepalive(SECONDS, SECONDS)
    connection = Connection(pings)
    pings.schedule_ping(connection)
    await wait_until(lambda: connection.has_timed_out)
    assert connection.pings == 1


async def test_a_connection_that_has_ended_is_left_alone() -> None:
    pings = Keepalive(SECONDS, SECONDS)
    ended, other = Connection(pings), Connection(pings)
    pings.schedule_ping(ended)
    pings.schedule_ping(other)
    pings.stop(ended)
    await wait_until(lambda: other.has_timed_out)
    assert not ended.pings and not ended.has_timed_out


async def test_other_work_has_its_turn_between_many_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "MAX_PINGS_AT_ONCE", 2)
    pings = Keepalive(SECONDS, LONG)
    connections = [Connection(pings) for _ in range(10)]
    for connection in connections:
        pings.schedule_ping(connection)
    sent = []
    while sum(connection.pings for connection in connections) < len(connections):
        before = sum(connection.pings for connection in connections)
        await asyncio.sleep(0)
        sent.append(sum(connection.pings for connection in connections) - before)
    assert max(sent) == 2


async def test_a_fault_of_one_connection_does_not_end_the_pings_of_others() -> None:
    class Faulty(Connection):
        def send_keepalive_ping(self) -> None:
            raise ValueError("a fault of ours")

    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    pings = Keepalive(SECONDS, LONG)
    pings.schedule_ping(Faulty(pings))
    connection = Connection(pings)
    pings.schedule_ping(connection)
    await wait_until(lambda: connection.pings == 1)
    assert len(reported) == 1
