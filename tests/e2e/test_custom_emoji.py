"""Alice writes a custom emoji, both react with it, and its name stands there once it is removed."""

from __future__ import annotations

from base64 import b64encode

from playwright.async_api import expect

from tests.e2e.conditions import expect_natural_width, use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.pictures import picture
from tests.support.site import Site

_CREATE = (
    "from base64 import b64decode; from accounts.actions import system_user;"
    "from chat.actions.custom_emoji import custom_emoji_create;"
    "from chat.attachments.emoji_picture import make_emoji_picture;"
    "custom_emoji_create(by=system_user(), name='shipped', picture=make_emoji_picture([b64decode('{}')]))"
)
_REMOVE = (
    "from chat.models import CustomEmoji; from chat.actions.custom_emoji import custom_emoji_remove;"
    "custom_emoji_remove(emoji_id=CustomEmoji.objects.get().pk)"
)


async def test_alice_and_bob_use_a_custom_emoji(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice", width=1280)
    await sign_in(alice, site, "alice")
    field = alice.get_by_test_id("composer")
    await field.press_sequentially("The shop is :ship")
    # The emoji are loaded, and it is none of them.
    await expect(alice.get_by_test_id("emoji-option").first).to_contain_text(":ship:")
    await field.press_sequentially("p")
    await expect(alice.get_by_test_id("emoji-option")).to_have_count(0)
    site.manage("shell", "-c", _CREATE.format(b64encode(picture("PNG", (64, 64))).decode()))
    await expect(alice.get_by_test_id("emoji-option").first).to_contain_text(":shipped:")
    bob = await person(
        "bob", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True, color_scheme="dark"
    )
    await sign_in(bob, site, "bob", by_touch=True)

    await field.press("Enter")
    await expect(field).to_have_value("The shop is :shipped: ")
    await field.press("Enter")
    written = shown(alice, "The shop").locator("img")
    await expect(written).to_have_attribute("alt", ":shipped:")
    await expect_natural_width(written, 64)
    assert await written.evaluate("image => image.height > 12")

    await alice.get_by_test_id("emoji-button").click()
    await alice.get_by_test_id("emoji-tab").nth(1).click()
    choice = alice.get_by_test_id("emoji-choice").filter(has=alice.locator("img")).last
    await choice.hover()
    await screenshot(alice, "custom-emoji-picker")
    await choice.click()
    await field.press("Enter")
    await expect(alice.locator(".message-text.emoji-only img")).to_be_visible()

    # She reacts with it, and so does Bob.
    await use_toolbar(shown(alice, "The shop"), "message-react")
    await alice.get_by_test_id("emoji-search").fill("shipped")
    await alice.get_by_test_id("emoji-search").press("Enter")
    reaction = alice.get_by_test_id("reaction")
    await expect(reaction.locator("img")).to_be_visible()
    await bob.get_by_test_id("reaction").tap()
    await expect(reaction).to_have_text("2")
    await expect(bob.get_by_test_id("reaction").locator("img")).to_be_visible()
    await screenshot(alice, "custom-emoji")
    await screenshot(bob, "custom-emoji-phone")

    site.manage("shell", "-c", _REMOVE)
    await expect(alice.locator(".message-text.emoji-only")).to_have_count(0)
    await expect(shown(alice, "The shop")).to_have_text("The shop is :shipped:")
    await expect(reaction).to_have_text(":shipped:2")
