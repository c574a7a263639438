"""Names of custom emoji are found in text, and their pictures are shown."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.js.test_emoji import pytestmark as pytestmark

_EMOJI = [{"name": name, "url": f"data:,{name}", "width": 8, "height": 4} for name in ("shipped", "赞", "a_b")]


async def run(modules: Page, body: str, given: Any) -> Any:
    script = """async ([all, given]) => {
      const { customEmoji } = await import("/static/js/state/custom-emoji.js");
      const { EmojiCatalog, customGroups } = await import("/static/js/lib/emoji-catalog.js");
      const { markupNodes } = await import("/static/js/widgets/message-text.js");
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      customEmoji.setAll(all);
      const element = document.createElement("div");
      const show = (text) => {
        element.replaceChildren(...markupNodes(parseMarkup(text)));
        return [...element.childNodes].map((node) => node.alt ? `<${node.alt}>` : node.outerHTML ?? node.data).join("");
      };
      %s
    }"""
    return await modules.evaluate(script % body, [_EMOJI, given])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("done :shipped:", "done <:shipped:>"),
        (":Shipped::赞:", "<:shipped:><:赞:>"),
        ("好的:赞:吧", "好的<:赞:>吧"),
        (":x: :a_b:", ":x: <:a_b:>"),
        ("`:shipped:`", "<code>:shipped:</code>"),
        ("std:shipped:x", "std:shipped:x"),
        (":other: 10:30:15", ":other: 10:30:15"),
        ("<img src=x>:shipped:", "<img src=x><:shipped:>"),
    ],
)
async def test_a_name_becomes_a_picture(modules: Page, text: str, shown: str) -> None:
    assert await run(modules, "return show(given);", text) == shown


async def test_a_removed_emoji_is_a_name_again(modules: Page) -> None:
    body = """const version = customEmoji.version;
      customEmoji.set("shipped", undefined);
      return [show(given), customEmoji.isEmojiOnly(given), customEmoji.version - version];"""
    assert await run(modules, body, ":shipped:") == [":shipped:", False, 1]


@pytest.mark.parametrize(
    ("text", "is_only"), [(":shipped: 👍", True), (":赞:", True), ("ok :赞:", False), (":no:", False)]
)
async def test_emoji_alone_are_large(modules: Page, text: str, is_only: bool) -> None:
    assert await run(modules, "return customEmoji.isEmojiOnly(given);", text) is is_only


async def test_custom_emoji_are_a_group_and_found_by_name(modules: Page) -> None:
    body = """const catalog = new EmojiCatalog({ groups: customGroups(given) });
      return [catalog.groups.map(({ name }) => name), catalog.search("ship").map(({ emoji }) => emoji),
        catalog.entryOf(":shipped:")?.name, customGroups([]).length];"""
    assert await run(modules, body, ["shipped", "赞"]) == [["custom"], [":shipped:"], "shipped", 0]
