"""Alice formats messages, on a desktop in English and on a phone in Chinese."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

TEXT = """**Release 4.2** is *out*, ~~tomorrow~~ today: see the [notes](https://docs.example/4.2) or https://a.example/x
> The build was _slow_.
> > Which one?
1. update `config.toml`
2. restart
   - first **node A**
   - then node B
```python
def answer() -> int:
    return 42  # a long line that does not fit into the column of a phone and so scrolls within its block, not the page
```
Questions to **@bob**, not [bank.example](https://evil.example/login)"""
_FITS = """(element) => element.scrollWidth <= element.clientWidth + 1 && document.body.scrollWidth <= innerWidth"""
CHINESE = "**粗体**文字和*斜体*，~~删除~~。\n> 引用一段话\n- 第一项\n- 第二项 `代码`"


@pytest.mark.parametrize(("width", "locale", "scheme"), [(1280, "en-GB", "light"), (320, "zh-CN", "dark")])
async def test_a_formatted_message_is_shown(
    site: Site, person: OpenPerson, width: int, locale: str, scheme: str
) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=width, locale=locale, color_scheme=scheme)
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        sent = await bob.call("message.send", type="text", msg=TEXT)
        await bob.call("message.send", type="text", msg=CHINESE, replyTo=sent["id"])
    message = shown(alice, "Release 4.2")
    await expect(message.locator("pre[data-language=python] code")).to_contain_text("    return 42")
    await expect(message.locator("ol > li > ul > li strong")).to_have_text("node A")
    await expect(message.locator("blockquote blockquote")).to_have_text("Which one?")
    await expect(message.locator(".link-host")).to_have_text(" (evil.example)")
    await expect(message.locator("strong bdi.mention")).to_have_text("@bob")
    answer = shown(alice, "粗体")
    await expect(answer.locator("strong")).to_have_text("粗体")
    await expect(answer.locator("li")).to_have_count(2)
    assert await alice.get_by_test_id("timeline").evaluate(_FITS)
    assert await message.locator("pre").evaluate("(element) => element.scrollWidth > element.clientWidth")

    toolbar = alice.get_by_test_id("format-toolbar")
    field = alice.get_by_test_id("composer")
    is_phone = width < 640
    if is_phone:
        await field.blur()
        await expect(toolbar).to_be_hidden()
    await field.focus()
    await expect(toolbar).to_be_visible()
    await expect(alice.get_by_test_id("format-bold")).to_have_accessible_name("粗体" if is_phone else "Bold")
    await field.fill("one two")
    await field.press("Shift+Control+ArrowLeft")
    for button, shortcut, expected in (
        ("format-bold", "Control+b", "one **two**"),
        ("format-italic", "Control+i", "one ***two***"),
        ("format-strike", "Control+Shift+X", "one ***~~two~~***"),
        ("format-code", "Control+e", "one ***~~`two`~~***"),
    ):
        await (alice.get_by_test_id(button).click() if is_phone else field.press(shortcut))
        await expect(field).to_have_value(expected)
        await expect(field).to_be_focused()
    for expected in ("one ***~~two~~***", "one ***two***", "one **two**", "one two"):
        await field.press("Control+z")
        await expect(field).to_have_value(expected)
    await field.fill("a")
    await (alice.get_by_test_id("format-list").click() if is_phone else field.press("Control+Shift+Digit8"))
    await field.press("End")
    await field.press("Shift+Enter")
    await field.press_sequentially("b")
    await expect(field).to_have_value("- a\n- b")
    await field.press("Enter")
    await expect(alice.get_by_test_id("message-text").last.locator("ul > li")).to_have_text(["a", "b"])
    if not is_phone:
        await field.press("Shift+Tab")
        await expect(alice.get_by_test_id("attach")).to_be_focused()
        await alice.keyboard.press("Shift+Tab")
        await expect(alice.get_by_test_id("format-bold")).to_be_focused()
        await alice.keyboard.press("ArrowLeft")
        await expect(alice.get_by_test_id("emoji-button")).to_be_focused()
        await alice.keyboard.press("ArrowLeft")
        await alice.keyboard.press("Enter")
        await expect(field).to_have_value("[](https://)")
        await field.fill("")
        await field.press("?")
        await expect(alice.get_by_test_id("shortcuts")).to_contain_text("**Bold**")
