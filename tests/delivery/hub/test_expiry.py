"""A connection is closed when its credential expires, by one timer for all."""

from __future__ import annotations

import time

import pytest

from delivery.hub import expiry
from delivery.hub.connection import Connection
from delivery.hub.expiry import ExpiryTimer
from delivery.hub.hub import Hub
from tests.support.listener import listening
from tests.support.waiting import wait_until

ALICE, BOB = 1, 2


class WallClock:
    """Stands in for `time` in the timer's module. A test moves `now`."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    clock = WallClock()
    monkeypatch.setattr(expiry, "time", clock)
    monkeypatch.setattr(expiry, "MAX_SLEEP_SECONDS", 0.001)
    return clock


class Closings:
    """Opens connections and records the order in which they are closed."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, int, str]] = []

    def open(self, name: str, expires_at: float | None) -> Connection:
        hub = Hub()
        connection = Connection(
            codec="plain",
            address="",
            ticker=hub.ticker,
            on_close=lambda code, reason: self.closed.append((name, code, reason)),
        )
        connection.expires_at = expires_at
        return connection


async def test_connections_close_in_the_order_of_their_expiry(wall_clock: WallClock) -> None:
    timer, closings = ExpiryTimer(), Closings()
    ends = {"an hour": 3600.0, "never": None, "a minute": 60.0, "half a minute": 30.0}
    for name, seconds in ends.items():
        timer.watch(closings.open(name, seconds and wall_clock.now + seconds))

    wall_clock.now += 59
    await wait_until(lambda: len(closings.closed) == 1)
    # The clock is set forward, as after a machine's sleep.
    wall_clock.now += 100_000
    await wait_until(lambda: len(closings.closed) == 3)

    assert [name for name, _, _ in closings.closed] == ["half a minute", "a minute", "an hour"]
    assert {(code, reason) for _, code, reason in closings.closed} == {(4001, "expired")}


async def test_a_connection_that_has_expired_already_closes_at_once() -> None:
    timer, closings = ExpiryTimer(), Closings()
    timer.watch(closings.open("late", time.time() - 1))
    await wait_until(lambda: len(closings.closed) == 1)


async def test_connections_that_have_ended_leave_nothing_behind(wall_clock: WallClock) -> None:
    timer, closings = ExpiryTimer(), Closings()
    staying = closings.open("staying", wall_clock.now + 10)
    timer.watch(staying)
    for number in range(1000):
        passing = closings.open(f"{number}", wall_clock.now + 100 + number)
        timer.watch(passing)
        timer.forget(passing)
        assert len(timer._heap) <= 2 + expiry._STALE_TOLERANCE

    timer.forget(staying)
    assert (timer._heap, timer._watched, timer._due, timer._timer) == ([], {}, {}, None)
    assert closings.closed == []


async def test_the_hub_closes_a_users_connection_when_it_expires(hub: Hub) -> None:
    async with listening(hub, ALICE, expires_at=time.time() + 0.05) as alice, listening(hub, BOB) as bob:
        assert await alice.closed() == 4001
        assert bob.closings == []


async def test_a_connection_that_is_extended_closes_at_its_new_time(wall_clock: WallClock) -> None:
    timer, closings = ExpiryTimer(), Closings()
    extended, other = closings.open("extended", wall_clock.now + 30), closings.open("other", wall_clock.now + 60)
    for connection in (extended, other):
        timer.watch(connection)
    extended.expires_at = wall_clock.now + 90
    timer.watch(extended)

    wall_clock.now += 61
    await wait_until(lambda: len(closings.closed) == 1)
    wall_clock.now += 30
    await wait_until(lambda: len(closings.closed) == 2)

    assert [name for name, _, _ in closings.closed] == ["other", "extended"]


async def test_a_connection_that_is_extended_often_has_one_entry(wall_clock: WallClock) -> None:
    timer, closings = ExpiryTimer(), Closings()
    start = wall_clock.now
    extended = closings.open("extended", start + 30)
    for seconds in range(30, 1030):
        extended.expires_at = start + seconds
        timer.watch(extended)
    assert len(timer._heap) == 1

    # It may also end earlier than its entry says.
    extended.expires_at = start + 20
    timer.watch(extended)
    assert len(timer._heap) == 2
    wall_clock.now += 20
    await wait_until(lambda: len(closings.closed) == 1)
    assert (timer._heap, timer._watched, timer._due) == ([], {}, {})
