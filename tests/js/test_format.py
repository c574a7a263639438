"""Times are shown in the user's chosen time zone."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

NEW_YEAR = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""


async def shown(modules: Page, zone: str, time: int) -> list[object]:
    """Return the clock, the day's number, and the day as seen from January 2."""
    script = """async ([zone, time, now]) => {
      const { setTimeZone, formatTime, dayNumber, formatDay } = await import("/static/js/lib/format.js");
      setTimeZone(zone);
      return [formatTime(time), dayNumber(time), formatDay(time, now)];
    }"""
    parts: list[object] = await modules.evaluate(script, [zone, time, NEW_YEAR + 36 * 3_600_000])
    return parts


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", ["00:00", 20454, "Yesterday"]),
        ("Asia/Shanghai", ["08:00", 20454, "Yesterday"]),
        ("America/New_York", ["19:00", 20453, "Wednesday December 31 2025"]),
    ],
)
async def test_a_moment_is_formatted_in_three_time_zones(modules: Page, zone: str, expected: list[object]) -> None:
    clock, number, day = await shown(modules, zone, NEW_YEAR)
    assert [clock, number, str(day).replace(",", "")] == expected


async def test_an_unknown_time_zone_falls_back_to_the_browser(modules: Page) -> None:
    assert await shown(modules, "Atlantis/Capital", NEW_YEAR) == await shown(modules, "", NEW_YEAR)


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("en", 3, "P1, P2, and P3"),
        ("en", 6, "P1, P2, P3, P4, P5, and P6"),
        ("en", 100, "P1, P2, P3, P4, P5 and 95 others"),
        ("zh", 100, "P1、P2、P3、P4、P5等 100 人"),
    ],
)
async def test_a_long_list_of_names_is_shortened(modules: Page, language: str, count: int, expected: str) -> None:
    script = """async ([code, names]) => {
      const { language } = await import("/static/js/lib/i18n.js");
      const { formatNameList } = await import("/static/js/lib/format.js");
      language.choose(code);
      return formatNameList(names);
    }"""
    assert await modules.evaluate(script, [language, [f"P{number}" for number in range(1, count + 1)]]) == expected
