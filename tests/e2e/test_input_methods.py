"""Alice writes Chinese: the Enter that accepts a word does nothing else, in every field and in Safari's order."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import make_group
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site

# Safari ends the composition first, so that the key says nothing of it but its code.
_ACCEPT = """(field, key) => {
  field.dispatchEvent(new CompositionEvent("compositionend", { data: field.value, bubbles: true }));
  field.dispatchEvent(new KeyboardEvent("keydown", { key, keyCode: 229, bubbles: true, cancelable: true }));
}"""


async def accept(field: Locator, text: str, key: str = "Enter") -> None:
    """Type the text by an input method and accept it with the key."""
    await field.fill(text)
    await field.evaluate(_ACCEPT, key)


async def test_accepting_a_word_neither_sends_nor_chooses_nor_leaves(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    await make_group(alice, "Painters", "bob")
    title = alice.get_by_test_id("channel-title")

    composer = alice.get_by_test_id("composer")
    await accept(composer, "你好")
    await expect(composer).to_have_value("你好")
    await accept(composer, "@bo")
    await expect(alice.get_by_test_id("mention-option")).to_have_count(1)
    await expect(composer).to_have_value("@bo")
    await composer.fill("once")
    await composer.press("Enter")
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
    await use_toolbar(shown(alice, "once"), "message-reply")
    await accept(composer, "回", key="Escape")
    await expect(alice.get_by_test_id("composer-reply")).to_be_visible()

    search_filter = alice.get_by_test_id("channel-filter")
    await accept(search_filter, "Web")
    await expect(title).to_have_text("Painters")
    await expect(search_filter).to_have_value("Web")
    await alice.get_by_test_id("tab-people").click()
    await accept(search_filter, "bob")
    await expect(title).to_have_text("Painters")

    for choice in ("new-chat", "create-group"):
        await alice.get_by_test_id("new-menu").click()
        await alice.get_by_test_id(choice).click()
        dialog = alice.locator("dialog[open]")
        field = dialog.get_by_test_id("person-search")
        await field.fill("bob")
        await expect(dialog.get_by_test_id("person-option")).to_have_count(1)
        await accept(field, "bob")
        await expect(dialog).to_be_visible()
        await expect(field).to_have_value("bob")
        await dialog.get_by_test_id("dialog-cancel").click()
        await expect(dialog).to_have_count(0)

    await alice.get_by_test_id("search-toggle").click()
    await accept(alice.get_by_test_id("search-field"), "词", key="Escape")
    await expect(alice.get_by_test_id("search")).to_be_visible()
