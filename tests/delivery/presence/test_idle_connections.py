"""A connection is away a while after the last input that it has reported, and back with the next."""

from __future__ import annotations

from django.conf import Settings

from delivery.presence.idle_connections import IdleConnections
from tests.support.waiting import wait_until

ALICE, BOB = 1, 2
LONG_AGO = 1000.0


def idle_connections() -> tuple[IdleConnections, list[tuple[int, bool]]]:
    """Return connections that report nothing yet, and the list of their changes."""
    changes: list[tuple[int, bool]] = []
    return IdleConnections(lambda user, is_away: changes.append((user, is_away))), changes


async def test_a_connection_becomes_away_by_itself_and_comes_back(settings: Settings) -> None:
    settings.IM_AWAY_SECONDS = 0.05
    idle, changes = idle_connections()
    idle.record(ALICE, "a", idle_seconds=0)
    idle.record(BOB, "b", idle_seconds=0)
    await wait_until(lambda: changes == [(ALICE, True), (BOB, True)])
    settings.IM_AWAY_SECONDS = 100
    idle.record(ALICE, "a", idle_seconds=LONG_AGO)
    assert changes[2:] == []
    idle.record(ALICE, "a", idle_seconds=0)
    assert changes[2:] == [(ALICE, False)]
    idle.stop()


async def test_a_connection_with_earlier_input_does_not_wait_for_the_others(settings: Settings) -> None:
    settings.IM_AWAY_SECONDS = 10
    idle, changes = idle_connections()
    idle.record(ALICE, "a", idle_seconds=0)
    idle.record(BOB, "b", idle_seconds=9.9)
    await wait_until(lambda: bool(changes))
    assert changes == [(BOB, True)]
    idle.stop()


async def test_a_page_that_connects_again_is_away_at_once(settings: Settings) -> None:
    settings.IM_AWAY_SECONDS = 100
    idle, changes = idle_connections()
    idle.record(ALICE, "a", idle_seconds=LONG_AGO)
    assert changes == [(ALICE, True)]
    assert idle.forget("a") and not idle.forget("a")
    assert changes == [(ALICE, True)]


async def test_a_report_of_an_earlier_input_does_not_hide_the_later_one(settings: Settings) -> None:
    settings.IM_AWAY_SECONDS = 100
    idle, changes = idle_connections()
    idle.record(ALICE, "a", idle_seconds=0)
    idle.record(ALICE, "a", idle_seconds=LONG_AGO)
    assert changes == [] and not idle.forget("a")
    idle.stop()
