"""Alice and Bob react to messages, by pointer, keyboard and touch."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


def reactions(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text).get_by_test_id("reaction")


async def test_alice_and_bob_react(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    bob = await person("bob", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True)
    await sign_in(bob, site, "bob", by_touch=True)
    async with await Client.connect(site.acc) as phone:
        await phone.login_token(tokens["bob"])
        group = await phone.call("channel.create", kind="public", name="Painters", members=["alice"])
        for text in ("溪山行旅图 or Early Spring?", "Early Spring."):
            await phone.call("message.send", target=group["target"], type="text", msg=text)
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Painters")
    await bob.get_by_test_id("back").tap()
    await bob.get_by_test_id("channel-item").filter(has_text="Painters").tap()

    await use_toolbar(shown(alice, "Early Spring?"), "message-react")
    await expect(alice.get_by_test_id("emoji-search")).to_be_focused()
    await expect(alice.get_by_test_id("emoji-choice").first).to_have_text("👍")
    await alice.keyboard.press("ArrowDown")
    await alice.keyboard.press("ArrowRight")
    await alice.keyboard.press("Enter")
    mine = reactions(alice, "Early Spring?")
    await expect(mine).to_have_text("❤️1")
    await expect(mine).to_have_attribute("aria-pressed", "true")
    await expect(mine).to_have_attribute("aria-label", re.compile("Alice reacted with ❤️"))

    theirs = reactions(bob, "Early Spring?")
    await expect(theirs).to_have_attribute("aria-pressed", "false")
    await theirs.tap()
    await expect(theirs).to_have_text("❤️2")
    await expect(theirs).to_have_attribute("aria-label", re.compile("Alice.*Bob.*回应了"))
    await expect(mine).to_have_text("❤️2")

    # By keyboard, with an emoji that the keyboard of the system brings.
    await alice.get_by_test_id("message").filter(has_text="Early Spring.").focus()
    await alice.keyboard.press("+")
    field = alice.get_by_test_id("emoji-search")
    await field.fill("no such emoji")
    await expect(alice.get_by_test_id("emoji-state")).to_have_text("No emoji has this name.")
    await field.fill("🖌️")
    await field.press("Enter")
    await expect(reactions(alice, "Early Spring.")).to_have_text("🖌️1")
    await expect(reactions(bob, "Early Spring.")).to_have_text("🖌️1")
    await screenshot(alice, "reactions")
    await screenshot(bob, "reactions-phone")

    # A page that loads the history shows the same.
    await alice.reload()
    await expect(reactions(alice, "Early Spring?")).to_have_text("❤️2")
    await reactions(alice, "Early Spring?").click()
    await expect(reactions(bob, "Early Spring?")).to_have_text("❤️1")
    await theirs.tap()
    await expect(reactions(alice, "Early Spring?")).to_have_count(0)
