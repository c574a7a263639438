"""Emoji are found by their names, written in a skin tone, and completed after a colon."""

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

_DATA = {
    "groups": [
        {"name": "smileys", "emoji": [["😺", 0.6, "grinning_cat", "大笑的猫", ["smiley_cat"], ""]]},
        {
            "name": "people",
            "emoji": [
                ["👍", 0.6, "thumbs_up", "拇指向上", ["thumbsup", "+1"], "👍🏽"],
                ["☝️", 0.6, "index_pointing_up", "食指向上指", ["point_up"], "☝🏽"],
                ["🧑‍🤝‍🧑", 12, "people_holding_hands", "手拉手的两个人", [], "🧑🏽‍🤝‍🧑🏽"],
            ],
        },
        {
            "name": "nature",
            "emoji": [["🐈", 0.7, "cat", "猫", ["cat2"], ""], ["🐱", 0.6, "cat_face", "猫脸", ["cat"], ""]],
        },
    ]
}


async def run(modules: Page, body: str, given: Any = None) -> Any:
    script = """async ([data, given]) => {
      const m = await import("/static/js/lib/emoji-catalog.js");
      const catalog = new m.EmojiCatalog(data);
      const names = await import("/static/js/lib/emoji-names.js");
      const { emojiQueryAt, closedNameAt, possibleNames, replaceEmojiNames } = names;
      const { EmojiPreferences } = await import("/static/js/state/emoji-preferences.js");
      %s
    }"""
    return await modules.evaluate(script % body, [_DATA, given])


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("cat", "🐈🐱😺"),
        ("+1", "👍"),
        (":thumbs", "👍"),
        ("Thumbs Up", "👍"),
        ("up thumbs", "👍"),
        ("猫", "🐈😺🐱"),
        ("拇指", "👍"),
        ("up", "👍☝️"),
        ("humbs", ""),
        (" ", ""),
    ],
)
async def test_the_best_names_come_first(modules: Page, q: str, expected: str) -> None:
    body = 'return catalog.search(given).map(({ emoji }) => emoji).join("");'
    assert await run(modules, body, q) == expected


async def test_of_equal_matches_the_frequent_ones_come_first(modules: Page) -> None:
    body = """const preferred = [catalog.entryOf("☝🏿")];
      return catalog.search("up", { preferred, limit: 1 }).map(({ emoji }) => emoji);"""
    assert await run(modules, body) == ["☝️"]


async def test_a_skin_tone_is_given_to_all_people_of_an_emoji(modules: Page) -> None:
    body = 'return given.map((emoji) => m.inTone(catalog.entryOf(emoji), "\\u{1f3ff}"));'
    assert await run(modules, body, ["👍", "☝️", "🧑‍🤝‍🧑", "🐱"]) == ["👍🏿", "☝🏿", "🧑🏿‍🤝‍🧑🏿", "🐱"]


async def test_what_a_name_stands_for_is_the_emoji_of_that_name_first(modules: Page) -> None:
    body = 'return [catalog.byName("CAT"), catalog.byName("cat2"), catalog.byName("dog")].map((one) => one?.emoji);'
    assert await run(modules, body) == ["🐈", "🐈", None]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (":ta", "ta"),
        ("well done :+1", "+1"),
        ("(:-1", "-1"),
        ("你好:smile", "smile"),
        ("好 :猫", "猫"),
        ("🎉:tada", "tada"),
        ("a `code` :ta", "ta"),
        ("```\ncode\n```\n:ta", "ta"),
        ("it`s\n:ta", "ta"),
        ("注意:大家", None),
        (":t", None),
        (":)", None),
        ("10:30", None),
        ("note:this", None),
        ("std::vector", None),
        ("https://a.example/:id", None),
        ("https://a.example?x=(:id", None),
        ("mailto:someone", None),
        ("`a :ta", None),
        ("```\nkey\n :ta", None),
        ("``a ` :ta", None),
        (":ta da", None),
        (":" + "x" * 41, None),
    ],
)
async def test_a_name_in_progress_is_detected(modules: Page, text: str, typed: str | None) -> None:
    assert await run(modules, "return emojiQueryAt(given, given.length)?.q ?? null;", text) == typed


async def test_a_name_ends_at_its_closing_colon(modules: Page) -> None:
    body = "return given.map((text) => closedNameAt(text, text.length));"
    expected = [{"start": 3, "q": "tada"}, None, None]
    assert await run(modules, body, ["ok :tada:", "10:30:", ":tada"]) == expected


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (":cat2:", "🐈"),
        ("Thanks :+1::thumbsup: (:CAT:)", "Thanks 👍👍 (🐈)"),
        ("好:cat:好", "好🐈好"),
        ("a `:cat:` ``:cat:`` :cat:", "a `:cat:` ``:cat:`` 🐈"),
        ("```\n:cat:\n``` :cat:", "```\n:cat:\n``` 🐈"),
        ("it`s :cat:", "it`s 🐈"),
        ("https://a.example/:cat:/x :cat:", "https://a.example/:cat:/x 🐈"),
        ("[a](https://a.example/:cat:) :cat:", "[a](https://a.example/:cat:) 🐈"),
        ("10:30:20 10:cat:20 :cat:20 x:cat: :cat:s \\:cat: a::cat::b", None),
        (":shipped: :dog: : cat: :cat", None),
        ("no names", None),
        (":" * 40_000 + "`:a:" * 10_000, None),
    ],
)
async def test_names_are_replaced_when_a_text_is_sent(modules: Page, text: str, sent: str | None) -> None:
    body = """const emojiOf = (name) => catalog.byName(name)?.emoji ?? "";
      return [replaceEmojiNames(given, emojiOf), possibleNames(given).length > 0];"""
    replaced, may_have = await run(modules, body, text)
    assert replaced == (sent or text)
    assert may_have or sent is None


async def test_frequent_emoji_and_the_skin_tone_are_kept_for_each_user(modules: Page) -> None:
    body = """
      const preferences = new EmojiPreferences(localStorage);
      preferences.load("1");
      const { length } = preferences.frequent;
      for (const emoji of ["🐱", "🐈", "🐱", "👍"]) preferences.countUse(emoji);
      preferences.setTone("\\u{1f3fe}");
      const again = new EmojiPreferences(localStorage);
      again.load("1");
      const first = [again.frequent.slice(0, 3), again.frequent.length === length, again.tone];
      again.load("2");
      const other = [again.frequent.includes("🐱"), again.tone];
      localStorage.setItem("im.emoji.2", '{"tone": 7, "used": "no"}');
      const damaged = [again.frequent.length === length, again.tone];
      again.load("1");
      again.clear();
      return [...first, ...other, ...damaged, Object.keys(localStorage)];"""
    expected = [["🐱", "👍", "🐈"], True, "🏾", False, "", True, "", ["im.emoji.2"]]
    assert await run(modules, body) == expected
