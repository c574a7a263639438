"""Text within a sentence keeps its direction to itself, and what other users wrote is not changed beyond that."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ann 😀", "Message Ann 😀"),
        ("علی", "Message \u2068علی\u2069"),
        ("abc\u202edef", "Message \u2068abc\u202edef\u2069"),
        ("a\u2069\u202eb", "Message \u2068a\u202eb\u2069"),
        ("a\u2067b", "Message \u2068a\u2067b\u2069\u2069"),
    ],
)
async def test_a_name_in_a_sentence_is_isolated(pure_modules: Page, name: str, expected: str) -> None:
    script = """async (name) => {
      const { t } = await import("/static/js/lib/i18n.js");
      return t("user.message", { name });
    }"""
    assert await pure_modules.evaluate(script, name) == expected


async def test_a_list_of_names_is_isolated_name_by_name(pure_modules: Page) -> None:
    script = """async (names) => (await import("/static/js/lib/format.js")).formatNameList(names)"""
    assert await pure_modules.evaluate(script, ["علی", "Bob"]) == "\u2068علی\u2069 and Bob"
