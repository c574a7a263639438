"""The page and the server agree on whether a text shows anything."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from accounts.character_table import INVISIBLE
from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


async def test_the_page_hides_the_same_characters_as_the_server(pure_modules: Page) -> None:
    script = """async () => {
      const { hasVisibleText } = await import("/static/js/lib/visible-text.js");
      const isHidden = (code) => code < 0x110000 && !hasVisibleText(String.fromCodePoint(code));
      const ranges = [];
      for (let code = 0; code < 0x110000; code++) {
        if (!isHidden(code)) continue;
        const first = code;
        while (isHidden(code + 1)) code++;
        ranges.push([...new Set([first, code])].map((end) => end.toString(16)).join("-"));
      }
      return ranges.join(" ");
    }"""
    assert await pure_modules.evaluate(script) == INVISIBLE


@pytest.mark.parametrize(
    ("text", "visible"),
    [("", False), (" \n\u200b", False), ("\u2800\ufeff", False), ("👨‍👩‍👧", True), ("\u200b.", True)],
)
async def test_a_text_of_invisible_characters_shows_nothing(pure_modules: Page, text: str, visible: bool) -> None:
    script = 'async (text) => (await import("/static/js/lib/visible-text.js")).hasVisibleText(text)'
    assert await pure_modules.evaluate(script, text) is visible
