"""A page that stays open notices that a new day has begun."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


async def test_a_new_day_is_reported_once_and_also_after_sleep(clock_modules: Page) -> None:
    await clock_modules.clock.install(time=datetime(2026, 3, 1, 22, 59, 50, tzinfo=UTC))
    await clock_modules.evaluate("""async () => {
      const { setTimeZone } = await import("/static/js/lib/format.js");
      setTimeZone("Europe/Berlin");
      const { today } = await import("/static/js/lib/today.js");
      window.changes = 0;
      today.on("change", () => window.changes++);
    }""")
    await clock_modules.clock.run_for(5_000)
    assert await clock_modules.evaluate("changes") == 0
    await clock_modules.clock.run_for(120_000)
    assert await clock_modules.evaluate("changes") == 1

    # No timer runs while a computer sleeps; the page is shown again.
    await clock_modules.clock.set_system_time(datetime(2026, 3, 3, 6, 0, tzinfo=UTC))
    await clock_modules.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert await clock_modules.evaluate("changes") == 2
