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
        ("from:", ["from:me ", "from:bob ", "from:ma-yuan ", 'from:"Bo Peep" ']),
        ("from:@b", ["from:bob ", 'from:"Bo Peep" ']),
        ("tide from:远", ["tide from:ma-yuan "]),
        ('from:"bo pe', ['from:"Bo Peep" ']),
        ("in:men", ['in:"Sea men" ']),
        ("tide in:#s", ['tide in:"Sea men" ']),
        ("on:t", ["on:today "]),
        ("river", []),
    ],
)
async def test_suggestions(pure_modules: Page, query: str, offered: list[str]) -> None:
    script = """async (query) => {
      const { suggestions } = await import("/static/js/lib/search-operators.js");
      const user = (userId, name, kind = "person") => ({ id: userId, userId, name, kind });
      const users = [user("bob", "Bob"), user("ma-yuan", "马远"), user("g-1", "Bo Peep", "guest")];
      const names = { channels: ["Painters", "Sea men"], users };
      return suggestions(query, names).map(({ query }) => query);
    }"""
    assert await pure_modules.evaluate(script, query) == offered
