"""Slash commands are told from other texts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.js.test_emoji import pytestmark as pytestmark


async def run(modules: Page, body: str, given: Any) -> Any:
    script = """async (given) => {
      const { isSlashCommand, slashQueryAt, withoutEscape } = await import("/static/js/lib/slash.js");
      return %s;
    }"""
    return await modules.evaluate(script % body, given)


@pytest.mark.parametrize(
    ("text", "is_command", "sent"),
    [
        ("/me waves", True, "/me waves"),
        ("/部署", True, "/部署"),
        ("//me waves", False, "/me waves"),
        ("// a comment", False, "// a comment"),
        ("/ me", False, "/ me"),
        ("/", False, "/"),
        ("see /me", False, "see /me"),
    ],
)
async def test_a_command_begins_with_one_slash(modules: Page, text: str, is_command: bool, sent: str) -> None:
    assert await run(modules, "[isSlashCommand(given), withoutEscape(given)]", text) == [is_command, sent]


@pytest.mark.parametrize(("text", "q"), [("/", ""), ("/in", "in"), ("/in vite", None), ("a /in", None), ("//in", None)])
async def test_the_first_word_is_completed(modules: Page, text: str, q: str | None) -> None:
    found = await run(modules, "slashQueryAt(given, given.length)", text)
    assert (found and found["q"]) == q
