"""Lists change while a user navigates them by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


@pytest.mark.parametrize(
    ("focused", "then", "expected"),
    [
        ("b", "abc", "b"),
        ("b", "ac", "c"),
        ("c", "ab", "b"),
        ("b", "axc", "x"),
        # An entry that moves.
        ("c", "cab", "c"),
        # The next entry has no such button.
        ("a", "-c", "c"),
        ("a", "", None),
    ],
)
async def test_the_focus_of_a_removed_entry_remains_in_the_list(
    modules: Page, focused: str, then: str, expected: str | None
) -> None:
    script = """async ({ focused, then }) => {
      const { reconcile } = await import("/static/js/lib/dom.js");
      const list = document.body.appendChild(document.createElement("ul"));
      const show = (text) => reconcile(list, [...text], {
        key: (one) => one,
        create: () => {
          const entry = document.createElement("li");
          entry.innerHTML = '<button data-part="menu"></button>';
          return entry;
        },
        update: (entry, one) => (entry.firstElementChild.hidden = one === "-"),
      });
      show("abc");
      list.querySelector(`[data-key=${focused}] button`).focus();
      show(then);
      return document.activeElement.closest("li")?.dataset.key ?? null;
    }"""
    given: Any = {"focused": focused, "then": then}
    assert await modules.evaluate(script, given) == expected
