"""Times to send a message later are found in the user's time zone, also around a change of the clocks."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_TIMES = """async () => {
  const { setTimeZone, timeOfWallClock, wallClock } = await import("/static/js/lib/format.js");
  const { sendTimes } = await import("/static/js/state/send-times.js");
  const name = ({ key, at }) => `${key.slice(9)} ${new Date(at).toISOString().slice(5, 16)}`;
  const shown = (text) => sendTimes(Date.parse(text)).map(name);
  setTimeZone("Asia/Shanghai");
  const wednesday = shown("2026-12-02T20:30:10Z");
  const sunday = shown("2026-12-06T01:00:00Z");
  setTimeZone("America/New_York");
  const saturday = shown("2026-03-07T15:00:00Z");
  const walls = ["2026-03-08T01:59", "2026-03-08T02:30", "2026-03-08T03:00", "2026-11-01T09:00"];
  const there = walls.map((wall) => wallClock(timeOfWallClock(wall)));
  setTimeZone("");
  return [wednesday, sunday, saturday, there, Number.isNaN(timeOfWallClock(""))];
}"""


async def test_times_are_offered_in_the_users_time_zone(modules: Page) -> None:
    wednesday, sunday, saturday, walls, has_no_time = await modules.evaluate(_TIMES)
    # In Shanghai it is Thursday already.
    assert wednesday == ["hour 12-02T21:30", "tomorrow 12-04T01:00", "monday 12-07T01:00"]
    assert sunday == ["hour 12-06T02:00", "monday 12-07T01:00"]
    # The clocks in New York go forward on Sunday.
    assert saturday == ["hour 03-07T16:00", "tomorrow 03-08T13:00", "monday 03-09T13:00"]
    assert walls == ["2026-03-08T01:59", "2026-03-08T01:30", "2026-03-08T03:00", "2026-11-01T09:00"]
    assert has_no_time
