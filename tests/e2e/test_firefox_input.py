"""Alice writes Chinese and uses the clipboard in Firefox, whose events have another order than Chromium's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from imsite.client import Client
from tests.e2e import firefox
from tests.e2e.firefox import CAN_WRITE, ENTER, SENT, SHOWN
from tests.support import machine
from tests.support.accounts import PASSWORD, register
from tests.support.bidi import FirefoxPage, running_firefox
from tests.support.fixtures.sites import SiteFactory

pytestmark = firefox.MARKS

BACKSPACE, ESCAPE, CONTROL, UP = "\ue003", "\ue00c", "\ue009", "\ue013"
_HAS = """(selector, value) => [...document.querySelectorAll(selector)].some((field) =>
  field.checkVisibility() && field.value === value)"""
_MESSAGES = "() => document.querySelectorAll('[data-testid=timeline] [data-testid=message]').length"
_TOLD = "(text) => document.getElementById('toast').textContent.includes(text)"
_TITLE = "() => document.querySelector('[data-testid=channel-title]').textContent"
_FOCUS = """(selector) => [...document.querySelectorAll(selector)].findLast((one) => one.checkVisibility()).focus()"""


@dataclass
class Alice:
    """A user with a page of Firefox, in a group with one message."""

    page: FirefoxPage
    group: str

    async def shows(self, selector: str, text: str = "") -> None:
        await self.page.until(SHOWN, selector, text)

    async def accepts(self, selector: str, text: str, key: str = "Enter") -> None:
        """Type the text by an input method and accept it with the key: the field has it and keeps it."""
        await self.page.evaluate(_FOCUS, selector)
        await self.page.compose(text, key)
        await self.page.until(_HAS, selector, text)
        # Anything that the key did would have been done by the end of another key.
        await self.page.type("x")
        await self.page.until(_HAS, selector, f"{text}x")


@pytest.fixture
async def alice(site_factory: SiteFactory) -> AsyncIterator[Alice]:
    path = machine.firefox()
    assert path
    with site_factory() as site:
        tokens = register(site, ["alice", "bob"])
        async with running_firefox(path) as firefox, Client(site.url, token=tokens["bob"]) as bob, bob.listen() as line:
            made = await line.call("channel.create", kind="public", name="Painters", members=["alice"])
            await line.send("Welcome", target=made["target"])
            page = await firefox.user(width=1440)
            await page.goto(f"{site.url}/accounts/login/")
            await page.click("input[name=username]")
            await page.type("alice")
            await page.click("input[name=password]")
            await page.type(f"{PASSWORD}{ENTER}")
            await page.until(CAN_WRITE)
            await page.click(f"[data-target='{made['target']}']")
            user = Alice(page, made["target"])
            await user.shows("[data-testid=message-text]", "Welcome")
            yield user
            assert not firefox.errors


async def test_accepting_a_word_neither_sends_nor_chooses_nor_leaves(alice: Alice) -> None:
    page = alice.page
    await alice.accepts("#composer", "你好")
    assert await page.evaluate(_MESSAGES) == 1, "the key that accepts a word sends nothing"
    await page.type(ENTER)
    await page.until(SENT, "你好x")

    await page.click("#composer")
    await page.type(UP)
    await page.until(_HAS, "#composer", "你好x")
    await page.compose("世界")
    await page.until(_HAS, "#composer", "你好x世界")
    await page.type(f"y{ENTER}")
    await page.until(SENT, "你好x世界y")
    assert await page.evaluate(_MESSAGES) == 2

    await page.click("#composer")
    await page.compose("@bo")
    await alice.shows("[data-testid=mention-option]", "Bob")
    await page.until(_HAS, "#composer", "@bo")
    await page.type(f"{ENTER}{ENTER}")
    await page.until(SENT, "@bob")

    await page.evaluate("() => document.querySelectorAll('[data-testid=message]')[0].focus()")
    await page.type("t")
    await alice.shows("#thread-composer")
    await alice.accepts("#thread-composer", "回答")
    await page.type(ENTER)
    await alice.shows("[data-testid=thread-body]", "回答x")
    await page.click("[data-testid=thread-close]")

    title = await page.evaluate(_TITLE)
    await alice.accepts("[data-testid=channel-filter]", "Web")
    assert await page.evaluate(_TITLE) == title
    await page.press("k", CONTROL)
    await alice.accepts("[data-testid=switcher-field]", "Web")
    assert await page.evaluate(_TITLE) == title
    await page.type(ESCAPE)
    await page.click("[data-testid=search-toggle]")
    await alice.accepts("[data-testid=search-field]", "词", key="Escape")
    await page.click("[data-testid=search-close]")

    await page.click("[data-testid=new-menu]")
    await page.click("[data-testid=create-group]")
    await alice.accepts("dialog[open] [data-testid=group-name]", "画家")
    await alice.accepts("dialog[open] [data-testid=person-search]", "bob")
    await alice.shows("dialog[open]")
    await page.click("dialog[open] [data-testid=dialog-cancel]")


# A Firefox without a screen keeps no picture on its clipboard, and its constructor of events ignores the data.
_PASTE_PICTURE = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
  canvas.getContext("2d").fillRect(0, 0, 20, 30);
  const picture = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const data = new DataTransfer();
  data.items.add(new File([picture], "image.png", { type: "image/png" }));
  const field = document.getElementById("composer");
  field.focus();
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "clipboardData", { value: data });
  field.dispatchEvent(event);
}"""


async def test_text_and_links_are_copied_and_text_and_pictures_are_pasted(alice: Alice) -> None:
    page = alice.page
    await page.evaluate("() => document.querySelector('[data-testid=timeline] [data-testid=message]').focus()")
    await page.type("c")
    await page.until(_TOLD, "Copied")
    await page.click("#composer")
    await page.press("v", CONTROL)
    await page.until(_HAS, "#composer", "Welcome")
    await page.press("a", CONTROL)
    await page.press("x", CONTROL)
    await page.until(_HAS, "#composer", "")
    await page.press("v", CONTROL)
    await page.until(_HAS, "#composer", "Welcome")
    await page.press("a", CONTROL)
    await page.type(BACKSPACE)

    await page.evaluate("() => document.querySelector('[data-testid=timeline] [data-testid=message]').focus()")
    await page.type("m")
    await page.click("[data-testid=copy-link]")
    await page.until(_TOLD, "Link copied")
    await page.click("#composer")
    await page.press("v", CONTROL)
    address = await page.evaluate("() => location.origin")
    await page.until(_HAS, "#composer", f"{address}/#{alice.group}/1")
    await page.press("a", CONTROL)
    await page.type(BACKSPACE)

    await page.evaluate(_PASTE_PICTURE)
    await alice.shows("[data-testid=tray-file]")
    await page.until("() => document.getElementById('composer-send').disabled === false")
    await page.click("#composer-send")
    await alice.shows("[data-testid=message][data-state=sent] .attachment-picture")
