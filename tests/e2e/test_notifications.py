"""The browser notifies a user who looks at something else, and its tab shows that there is something to read.

A browser without a screen shows no notifications, so the pages get a class that records what they show.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.e2e.conditions import until
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

_RECORDER = """
window.shown = [];
window.answer = "denied";
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (window.Notification.permission = window.answer); }
  constructor(title, options) { Object.assign(this, { title, ...options }); window.shown.push(this); }
  close() { window.shown.splice(window.shown.indexOf(this), 1); this.onclose?.(); }
};
document.hasFocus = () => false;
"""


async def shown(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = await page.evaluate("window.shown.map(({ title, body, silent }) => [title, body, silent])")
    return found


async def until_shown(page: Page, count: int) -> None:
    await until(page, "(count) => window.shown.length === count", count)


async def choose(page: Page, *test_ids: str) -> None:
    await page.get_by_test_id("me-menu").click()
    await page.get_by_test_id("notifications").click()
    for test_id in test_ids:
        await page.get_by_test_id(test_id).click()
    await page.locator("[data-dialog=notifications]").get_by_test_id("dialog-confirm").click()


async def test_direct_messages_and_mentions_are_shown_until_they_are_read(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    await alice.add_init_script(_RECORDER)
    await sign_in(alice, site, "alice")
    dialog = alice.locator("[data-dialog=notifications]")

    # A browser that blocks them says so, and nothing is chosen.
    await choose(alice, "notify-direct")
    await expect(dialog.get_by_test_id("dialog-error")).to_contain_text("blocks notifications")
    await alice.evaluate("window.answer = 'granted'")
    await dialog.get_by_test_id("dialog-confirm").click()
    await expect(dialog).to_be_hidden()

    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = (await bob.call("channel.create", kind="public", name="Painters", members=["alice"]))["target"]
        private = (await bob.call("channel.create", kind="private", members=["alice"]))["target"]
        for target, text in ((group, "for all"), (group, "for @alice"), (private, "for **you**")):
            await bob.call("message.send", target=target, type="text", msg=text)
        await until_shown(alice, 2)
        assert await shown(alice) == [["Bob in Painters", "for @alice", False], ["Bob", "for you", False]]
        icon = alice.locator("link[rel=icon]")
        await expect(icon).to_have_attribute("href", re.compile("icon-unread"))
        await expect(alice).to_have_title("(3) Web · imsite")

        # A click leads to the message, which is then read.
        await alice.evaluate("window.shown[1].onclick()")
        await expect(alice.get_by_test_id("message-text").last).to_have_text("for you")
        await until_shown(alice, 1)

        # Read on another device.
        async with await Client.connect(site.acc) as phone:
            await phone.login_token(tokens["alice"])
            await phone.call("read.mark", target=group, seq=2)
        await until_shown(alice, 0)
        await expect(icon).not_to_have_attribute("href", re.compile("unread"))

        await choose(alice, "notify-all", "notify-text", "notify-sound")
        await expect(dialog).to_be_hidden()
        await bob.call("message.send", target=group, type="text", msg="a secret")
        await until_shown(alice, 1)
        assert await shown(alice) == [["Bob in Painters", "New message", True]]
