"""Alice writes emoji on a desktop in English, Bob on a phone in Chinese."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.page_checks import check
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site


async def test_alice_writes_emoji_by_keyboard(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    field, picker = alice.get_by_test_id("composer"), alice.get_by_test_id("emoji-picker")
    choices, search = alice.get_by_test_id("emoji-choice"), alice.get_by_test_id("emoji-search")

    await field.press_sequentially("Hello world")
    for _ in range(6):
        await field.press("ArrowLeft")
    await alice.get_by_test_id("emoji-button").click()
    await expect(search).to_be_focused()
    await expect(choices.first).to_have_accessible_name("thumbs up")
    assert await alice.get_by_test_id("emoji-scroller").evaluate("e => e.querySelectorAll('button').length < 700")
    await check(alice, "emoji picker", without="region")
    await screenshot(alice, "emoji-picker")
    await alice.keyboard.press("Escape")
    await expect(picker).to_have_count(0)
    await expect(field).to_be_focused()

    await alice.get_by_test_id("emoji-button").click()
    await search.fill("wave")
    await expect(choices.first).to_have_text("👋")
    await alice.get_by_test_id("emoji-tone").nth(4).click()
    await expect(choices.first).to_have_text("👋🏾")
    await search.press("Enter")
    await expect(field).to_have_value("Hello👋🏾 world")
    await field.press("Control+z")
    await expect(field).to_have_value("Hello world")

    # A name is completed; a closing colon does without the list. Undo brings the name back.
    await field.fill("")
    await field.press_sequentially("done :tad")
    await expect(alice.get_by_test_id("emoji-option").first).to_contain_text(":tada:")
    await screenshot(alice, "emoji-completion")
    await field.press("Enter")
    await expect(field).to_have_value("done 🎉 ")
    await field.press_sequentially(":+1:")
    await expect(field).to_have_value("done 🎉 👍🏾")
    await field.press("Control+z")
    await expect(field).to_have_value("done 🎉 :+1:")
    await field.press_sequentially(" `:tada:` :ro")
    await expect(alice.get_by_test_id("emoji-option").first).to_be_visible()
    await field.press("Escape")
    await expect(alice.get_by_test_id("emoji-option")).to_have_count(0)
    await field.press("Enter")
    await expect(shown(alice, "done")).to_have_text("done 🎉 :+1: :tada: :ro")

    # Emoji that she has used come first; the arrow keys reach them.
    await alice.get_by_test_id("emoji-button").click()
    await expect(choices.first).to_have_text("👍🏾")
    await search.press("ArrowDown")
    await alice.keyboard.press("ArrowRight")
    await alice.keyboard.press("Enter")
    await expect(field).to_have_value("🎉")


async def test_bob_writes_emoji_by_touch(site: Site, person: OpenPerson) -> None:
    register(site, ["bob"])
    bob = await person(
        "bob", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True, color_scheme="dark"
    )
    await sign_in(bob, site, "bob", by_touch=True)
    field, picker = bob.get_by_test_id("composer"), bob.get_by_test_id("emoji-picker")
    await bob.route("**/emoji.json", lambda route: route.abort())
    await field.tap()
    await bob.get_by_test_id("emoji-button").tap()
    await expect(bob.get_by_test_id("emoji-state")).to_have_text("表情加载失败。")
    await bob.unroute("**/emoji.json")
    await bob.get_by_test_id("emoji-retry").tap()
    await expect(bob.get_by_test_id("emoji-choice").first).to_have_accessible_name("拇指向上")
    box = await picker.bounding_box()
    assert box
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 390, 800)
    await expect(field).not_to_be_focused()
    await bob.get_by_test_id("emoji-tab").nth(4).tap()
    tomato = bob.get_by_test_id("emoji-choice").filter(has_text="🍅")
    await expect(tomato).to_be_in_viewport()
    size = await tomato.bounding_box()
    assert size
    assert min(size["width"], size["height"]) >= 44
    await screenshot(bob, "emoji-picker-phone")
    await bob.get_by_test_id("emoji-search").fill("礼物")
    await bob.get_by_test_id("emoji-choice").filter(has_text="🎁").tap()
    await expect(field).to_have_value("🎁")
