"""The composer adds marks to the selected text, and removes them again."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

# The selection is between ⟦ and ⟧: before, format, after.
EDITS = [
    ("a ⟦b⟧ c", "bold", "a **⟦b⟧** c"),
    ("a **⟦b⟧** c", "bold", "a ⟦b⟧ c"),
    ("a ⟦**b**⟧ c", "bold", "a ⟦b⟧ c"),
    ("a *⟦b⟧* c", "bold", "a ***⟦b⟧*** c"),
    ("a ***⟦b⟧*** c", "italic", "a **⟦b⟧** c"),
    ("a **⟦b⟧** c", "italic", "a ***⟦b⟧*** c"),
    ("a⟦ b ⟧c", "strike", "a ~~⟦b⟧~~ c"),
    # Within a word of a script with spaces, marks would be text.
    ("w⟦or⟧d", "bold", "**⟦word⟧**"),
    ("字⟦体⟧字", "bold", "字**⟦体⟧**字"),
    ("a ⟦⟧", "bold", "a **⟦⟧**"),
    ("a **⟦⟧**", "bold", "a ⟦⟧"),
    ("> ⟦a\n\n- b ⟧", "bold", "> ⟦**a**\n\n- **b**⟧ "),
    ("⟦- **a**\n- **b**⟧", "bold", "⟦- a\n- b⟧"),
    ("⟦a⟧", "code", "`⟦a⟧`"),
    ("`⟦a⟧`", "code", "⟦a⟧"),
    ("⟦`a`⟧", "code", "⟦a⟧"),
    ("⟦a`b⟧", "code", "`` ⟦a`b⟧ ``"),
    ("x\n⟦a\n  b⟧ y", "code", "x\n```\n⟦a\n  b⟧\n```\n y"),
    ("a⟦b⟧c", "quote", "⟦> abc⟧"),
    ("> a⟦⟧b", "quote", "a⟦⟧b"),
    ("⟦a\nb\n⟧c", "list", "⟦- a\n- b⟧\nc"),
    ("- ⟦⟧", "list", "⟦⟧"),
    ("see ⟦x⟧", "link", "see [x](⟦https://⟧)"),
    ("⟦https://a.example⟧", "link", "[⟦⟧](https://a.example)"),
    ("⟦⟧", "link", "[⟦⟧](https://)"),
    ("- a⟦⟧", "new line", "- a\n- ⟦⟧"),
    ("x\n  9. a⟦⟧b", "new line", "x\n  9. a\n  10. ⟦⟧b"),
    ("- a\n- ⟦⟧", "new line", "- a\n⟦⟧"),
    ("a⟦⟧", "new line", None),
    ("> a⟦⟧", "new line", None),
]


async def test_marks_are_added_and_removed(pure_modules: Page) -> None:
    script = """async (edits) => {
      const { continueList, formatSelection } = await import("/static/js/lib/text-formatting.js");
      return edits.map(([marked, format]) => {
        const text = marked.replace(/[⟦⟧]/g, "");
        const [start, end] = [marked.indexOf("⟦"), marked.indexOf("⟧") - 1];
        const edit = format === "new line" ? continueList(text, start) : formatSelection(text, start, end, format);
        if (!edit) return null;
        const done = text.slice(0, edit.from) + edit.insert + text.slice(edit.to);
        return `${done.slice(0, edit.start)}⟦${done.slice(edit.start, edit.end)}⟧${done.slice(edit.end)}`;
      });
    }"""
    found = await pure_modules.evaluate(script, [[before, change] for before, change, _ in EDITS])
    assert [pair for pair in zip(found, EDITS, strict=True) if pair[0] != pair[1][2]] == []
