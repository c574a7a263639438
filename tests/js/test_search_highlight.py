"""A found message is highlighted exactly where the server's search matched it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


async def marked(pure_modules: Page, text: str, q: str) -> str:
    """Return the excerpt, with matches in brackets."""
    script = """async ([text, q]) => {
      const { excerpt } = await import("/static/js/lib/search-highlight.js");
      return excerpt(text, q).map(({ text, isMatch }) => (isMatch ? `[${text}]` : text)).join("");
    }"""
    shown: str = await pure_modules.evaluate(script, [text, q])
    return shown


@pytest.mark.parametrize(
    ("text", "q", "expected"),
    [
        ("The river, the RIVERS", "river", "The [river], the [RIVER]S"),
        ("rivers of a river", "river of", "rivers [of] a [river]"),
        ("谿山行旅圖，行旅", "行旅", "谿山[行旅]圖，[行旅]"),
        ("买了iPhone手机", "iphone 手", "买了[iPhone手]机"),
        ("cafe\u0301 Straße ＡＢＣ", "café strasse abc", "[cafe\u0301] [Straße] [ＡＢＣ]"),
        ("Crème brûlée, ŁÓDŹ", "creme lodz", "[Crème] brûlée, [ŁÓDŹ]"),
        ("ผมชอบกินข้าวผัด", "กินข้าว", "ผมชอบ[กินข้าว]ผัด"),
        ("ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", "ភាសា", "ខ្ញុំស្រឡាញ់[ភាសា]ខ្មែរ"),
        ("tide from bob", "tide from:bob has:file before:2026-11-01", "[tide] from bob"),
        ("before lunch", "before:lunch", "[before] [lunch]"),
        ("👩‍👧 and 😀", "😀", "👩‍👧 and [😀]"),
        ("<b>bold</b>", "<b>", "<[b]>[b]old</[b]>"),
        ("nothing of it", "…", "nothing of it"),
    ],
)
async def test_whole_words_are_marked_and_the_last_as_a_prefix(
    pure_modules: Page, text: str, q: str, expected: str
) -> None:
    assert await marked(pure_modules, text, q) == expected


async def test_a_long_message_is_shortened_around_the_match(pure_modules: Page) -> None:
    shown = await marked(pure_modules, "😀" * 500 + " river " + "x " * 500, "river")
    assert shown.startswith("…😀") and "[river]" in shown and shown.endswith("…")
    assert len(shown) < 300 and "\ufffd" not in shown
