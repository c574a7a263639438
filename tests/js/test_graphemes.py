"""Text is split into characters as users see them, also in browsers that cannot do it themselves."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

TEXTS = ["ab", "é́x", "👩‍👩‍👧👍🏽 🇨🇳🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿!", "1️⃣2", "नी", "你好", "a\r\nb", "\ud800x"]


@pytest.mark.parametrize("text", TEXTS)
async def test_both_ways_split_text_alike(pure_modules: Page, text: str) -> None:
    script = """async (text) => {
      const { graphemes } = await import("/static/js/lib/graphemes.js");
      const native = graphemes(text);
      const { Segmenter } = Intl;
      delete Intl.Segmenter;
      const approximated = graphemes(text);
      Intl.Segmenter = Segmenter;
      return [approximated, native];
    }"""
    approximated, native = await pure_modules.evaluate(script, text)
    assert approximated == native
    assert "".join(native) == text
