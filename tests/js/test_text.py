"""Message text is split into pieces: safe addresses become links, code and mentions stand out, all else stays text."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


async def segments(pure_modules: Page, text: str) -> list[str]:
    """`kind:text` of each segment."""
    script = """async (text) => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      return parseMarkup(text).map((segment) => `${segment.kind}:${segment.href ?? segment.text}`);
    }"""
    cut: list[str] = await pure_modules.evaluate(script, text)
    return cut


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://a.example/x.", ["text:see ", "link:https://a.example/x", "text:."]),
        ("(https://a.example/x_(y))", ["text:(", "link:https://a.example/x_(y)", "text:)"]),
        ("看https://a.example/路，好", ["text:看", "link:https://a.example/%E8%B7%AF", "text:，好"]),
        ("mailto:a@b.example", ["link:mailto:a@b.example"]),
        # A link with a label, as incoming webhooks store it.
        ("#8 (https://ci.example/b/8) is", ["text:#8 (", "link:https://ci.example/b/8", "text:) is"]),
        ("a `b <i>` c", ["text:a ", "code:b <i>", "text: c"]),
        ("x\n```python\nif y:\n  z\n```\nw", ["text:x", "code-block:if y:\n  z", "text:w"]),
    ],
)
async def test_urls_and_code_are_found(pure_modules: Page, text: str, expected: list[str]) -> None:
    assert await segments(pure_modules, text) == expected


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,<script>", "<a href=x>", "vbscript:x", "http://", "file:///etc"]
)
async def test_anything_else_is_plain_text(pure_modules: Page, text: str) -> None:
    assert await segments(pure_modules, text) == [f"text:{text}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@alice look", ["me:@alice", "text: look"]),
        ("hi @Bob, and @BOB", ["text:hi ", "mention:@Bob", "text:, and ", "mention:@BOB"]),
        ("问@马远你好", ["text:问", "mention:@马远", "text:你好"]),
        ("@Bob Smith: yes", ["mention:@Bob Smith", "text:: yes"]),
        ("@bobby and bob@bob.example", ["text:@bobby and bob@bob.example"]),
        ("`@bob` https://x.example/@bob", ["code:@bob", "text: ", "link:https://x.example/@bob"]),
        ("@nobody @", ["text:@nobody @"]),
        # A longer name that the page does not know, by the site's rule for user names.
        ("@bob.citizen", ["text:@bob.citizen"]),
        # A joiner continues a name in some scripts.
        ("@\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", ["text:@\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"]),
        ("@\u0639\u0644\u06cc\u200c \u0631", ["mention:@\u0639\u0644\u06cc", "text:\u200c \u0631"]),
        ("@bob-1 @bob_x @bob..y", ["text:@bob-1 @bob_x @bob..y"]),
        ("@bob\u0301 and @علیرضا", ["text:@bob\u0301 and @علیرضا"]),
        ("@bob. @bob- @bob.", ["mention:@bob", "text:. ", "mention:@bob", "text:- ", "mention:@bob", "text:."]),
        ("@bob様 @علی", ["mention:@bob", "text:様 ", "mention:@علی"]),
    ],
)
async def test_only_names_of_members_are_mentions(pure_modules: Page, text: str, expected: list[str]) -> None:
    script = """async (text) => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      const names = new Map([["alice", true], ["bob", false], ["bob smith", false], ["马远", false], ["علی", false]]);
      return parseMarkup(text, names).map(({ kind, text, href, isSelf }) => `${isSelf ? "me" : kind}:${href ?? text}`);
    }"""
    assert await pure_modules.evaluate(script, text) == expected


@pytest.mark.parametrize(
    ("text", "alone"), [("😀🎉", True), ("👩‍👩‍👧 👍🏽", True), ("🇨🇳", True), ("12", False), ("hi 😀", False)]
)
async def test_a_text_of_emoji_only_is_recognized(pure_modules: Page, text: str, alone: bool) -> None:
    script = 'async (text) => (await import("/static/js/lib/text.js")).isEmojiOnly(text)'
    assert await pure_modules.evaluate(script, text) is alone
