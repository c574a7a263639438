"""Operators of a search are offered for its last word."""

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
    ("query", "offered"),
    [
        ("", ["from:", "in:", "has:file ", "has:link ", "is:thread ", "before:", "after:", "on:"]),
        ("tide ", []),
        ("tide ha", ["tide has:file ", "tide has:link "]),
        ("HAS:f", ["has:file "]),
        ("has:file", []),
        ("from:", ["from:me ", "from:bob "]),
        ("from:@b", ["from:bob "]),
        ("tide in:#s", ['tide in:"Sea men" ']),
        ("on:t", ["on:today "]),
        ("river", []),
    ],
)
async def test_suggestions(pure_modules: Page, query: str, offered: list[str]) -> None:
    script = """async (query) => {
      const { suggestions } = await import("/static/js/lib/search-operators.js");
      const names = { channels: ["Painters", "Sea men"], users: ["bob"] };
      return suggestions(query, names).map(({ query }) => query);
    }"""
    assert await pure_modules.evaluate(script, query) == offered
