"""Alice on a desktop and Bob on a phone answer in a thread."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.conditions import search_until_found, use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


def message(page: Page, place: str, text: str) -> Locator:
    """Return a message in the `timeline` or the `thread`."""
    return page.get_by_test_id(place).get_by_test_id("message").filter(has_text=text)


async def test_alice_and_bob_answer_in_a_thread(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    bob = await person(
        "bob", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True, color_scheme="dark"
    )
    await sign_in(bob, site, "bob", by_touch=True)
    async with await Client.connect(site.acc) as phone:
        await phone.login_token(tokens["bob"])
        group = await phone.call("channel.create", kind="public", name="Painters", members=["alice"])
        for text in ("溪山行旅图 or Early Spring?", "Lunch at noon."):
            await phone.call("message.send", target=group["target"], type="text", msg=text)
    await bob.get_by_test_id("back").tap()
    await bob.get_by_test_id("channel-item").filter(has_text="Painters").tap()
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Painters")

    # By keyboard: the thread opens with the caret in its composer.
    root = message(alice, "timeline", "Early Spring?")
    await root.focus()
    await alice.keyboard.press("t")
    answer = alice.get_by_test_id("thread-composer")
    await expect(answer).to_be_focused()
    await expect(message(alice, "thread", "Early Spring?")).to_be_visible()
    await expect(alice.get_by_test_id("thread-follow")).to_be_hidden()
    await answer.fill("The former, for its waterfall.")
    await answer.press("Enter")
    await expect(message(alice, "thread", "waterfall")).to_have_attribute("data-state", "sent")
    await expect(root.get_by_test_id("thread-link")).to_contain_text("1 answer")
    await expect(message(alice, "timeline", "waterfall")).to_have_count(0)
    await expect(alice.get_by_test_id("thread-follow")).to_have_attribute("aria-pressed", "true")

    # Bob follows the thread of his own message. It covers his screen.
    link = message(bob, "timeline", "Early Spring?").get_by_test_id("thread-link")
    await expect(link.get_by_test_id("thread-unread")).to_have_text("1 条新回复")
    await screenshot(bob, "thread-link-phone")
    await link.tap()
    await expect(message(bob, "thread", "waterfall")).to_be_visible()
    panel = await bob.get_by_test_id("thread").bounding_box()
    assert panel is not None and (panel["x"], panel["width"]) == (0, 390)
    await expect(link.get_by_test_id("thread-unread")).to_be_hidden()
    await bob.get_by_test_id("thread-composer").fill("我也选溪山行旅图。")
    await bob.get_by_test_id("also-to-channel").check()
    await bob.get_by_test_id("thread-send").tap()
    await expect(message(alice, "thread", "我也选")).to_be_visible()
    await expect(message(alice, "timeline", "我也选").get_by_test_id("in-thread")).to_be_visible()
    await expect(root.get_by_test_id("thread-link")).to_contain_text("2 answers")

    # Reactions work in the thread as in the timeline.
    await use_toolbar(message(alice, "thread", "我也选"), "message-react")
    await alice.get_by_test_id("emoji-choice").first.click()
    await expect(message(bob, "thread", "我也选").get_by_test_id("reaction")).to_have_text("👍1")
    await screenshot(alice, "thread")
    await screenshot(bob, "thread-phone")

    # Closed, with the focus back on the message; a recall changes the count.
    await root.focus()
    await answer.focus()
    await alice.keyboard.press("Escape")
    await expect(alice.get_by_test_id("thread")).to_be_hidden()
    await expect(root).to_be_focused()
    await bob.go_back()
    await expect(bob.get_by_test_id("thread")).to_be_hidden()
    await expect(bob.get_by_test_id("timeline")).to_be_visible()

    # A search finds the answer in its thread.
    await bob.get_by_test_id("search-toggle").tap()
    await bob.get_by_test_id("search-field").fill("waterfall")
    found = bob.get_by_test_id("search-result").filter(has_text="waterfall")
    await search_until_found(bob.get_by_test_id("search-field"), found)
    await found.tap()
    await expect(message(bob, "thread", "waterfall")).to_be_visible()
    await bob.go_back()
    await expect(bob.get_by_test_id("thread")).to_be_hidden()

    await message(alice, "timeline", "我也选").get_by_test_id("in-thread").click()
    await message(alice, "thread", "waterfall").focus()
    await alice.keyboard.press("Delete")
    await alice.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(root.get_by_test_id("thread-link")).to_contain_text("1 answer")
    await expect(link).to_contain_text("1 条回复")

    # A page that loads the history shows the same, without the answer of the thread.
    await alice.get_by_test_id("thread-follow").click()
    await expect(alice.get_by_test_id("thread-follow")).to_have_attribute("aria-pressed", "false")
    await alice.reload()
    await expect(root.get_by_test_id("thread-link")).to_have_text(re.compile(r"1 answer"))
    await expect(message(alice, "timeline", "recalled")).to_have_count(0)
