"""A user without a mouse, and one who hears the page, do what others do."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import PASSWORD, register
from tests.support.site import Site

_UNMARKED = """() => [...document.querySelectorAll("button:focus, a:focus")]
  .filter((control) => getComputedStyle(control).outlineStyle === "none").map((control) => control.outerHTML)"""


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def tab_to(page: Page, control: Locator, *, limit: int = 40) -> None:
    """Press Tab until the control has the focus, which buttons and links show by an outline."""
    for _ in range(limit):
        if await control.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
        assert not await page.evaluate(_UNMARKED), "the focus is not visible"
    raise AssertionError(f"Tab does not reach {control}")


async def test_a_keyboard_is_enough(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(bob, site, "bob")
    await alice.goto(f"{site.url}/accounts/login/")
    await expect(alice.locator("input[name=username]")).to_be_focused()
    await alice.keyboard.type("alice")
    await press(alice, "Tab")
    await alice.keyboard.type(PASSWORD)
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("composer")).to_be_focused()

    # A group with Bob, from the menu of the sidebar.
    await press(alice, "Shift+Tab")
    await tab_to(alice, alice.get_by_test_id("new-menu"))
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("create-group")).to_be_visible()
    while not await alice.get_by_test_id("create-group").evaluate("(item) => item === document.activeElement"):
        await press(alice, "ArrowDown")
    await press(alice, "Enter")
    dialog = alice.locator("dialog[open]")
    await expect(dialog.get_by_test_id("group-name")).to_be_focused()
    await alice.keyboard.type("Painters")
    await tab_to(alice, dialog.get_by_test_id("person-search"))
    await alice.keyboard.type("bob")
    await expect(dialog.get_by_test_id("person-option")).to_have_count(1)
    await tab_to(alice, dialog.get_by_test_id("person-option"))
    await press(alice, "Enter")
    await tab_to(alice, dialog.get_by_test_id("dialog-confirm"))
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Painters")
    await expect(alice.get_by_test_id("composer")).to_be_focused()

    # A message, a reaction, an answer in the thread, and an edit.
    await alice.keyboard.type("hello")
    await press(alice, "Enter")
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
    await press(alice, "Alt+m", "+")
    await expect(alice.get_by_test_id("emoji-search")).to_be_focused()
    await alice.keyboard.type("tada")
    await expect(alice.get_by_test_id("emoji-choice").first).to_be_visible()
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("reaction")).to_be_visible()
    await press(alice, "Alt+m", "t")
    await expect(alice.get_by_test_id("thread-composer")).to_be_focused()
    await alice.keyboard.type("an answer")
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("timeline").get_by_test_id("thread-link")).to_be_visible()
    await press(alice, "Escape")
    await expect(alice.get_by_test_id("thread")).to_be_hidden()
    await press(alice, "Alt+m", "e")
    await expect(alice.get_by_test_id("composer")).to_be_focused()
    await press(alice, "End")
    await alice.keyboard.type(", Bob")
    await press(alice, "Enter")
    await expect(shown(alice, "hello, Bob")).to_be_visible()

    # Another channel, and back.
    await press(alice, "Control+k")
    await alice.keyboard.type("Bob")
    await expect(alice.get_by_test_id("switcher-option").filter(has_text="Bob").first).to_be_visible()
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Bob")
    await press(alice, "Alt+ArrowDown", "Alt+ArrowUp")
    await press(alice, "Control+k")
    await alice.keyboard.type("Painters")
    await expect(alice.get_by_test_id("switcher-option").filter(has_text="Painters").first).to_be_visible()
    await press(alice, "Enter")
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Painters")
    await expect(shown(alice, "hello, Bob")).to_be_visible()

    # Bob hears what comes, once and politely.
    await bob.get_by_test_id("channel-item").filter(has_text="Painters").click()
    await expect(shown(bob, "hello, Bob")).to_be_visible()
    await alice.get_by_test_id("composer").focus()
    await alice.keyboard.type("Can you hear me?")
    await press(alice, "Enter")
    announcer = bob.locator("#announcer")
    await expect(announcer).to_have_attribute("aria-live", "polite")
    await expect(announcer.get_by_text("Can you hear me?")).to_have_text("Alice: Can you hear me?")
    await expect(announcer.locator("p")).to_have_count(1)
    tree = await bob.locator("#chat").aria_snapshot()
    for line in (
        'complementary "',
        'heading "Painters" [level=1]',
        'textbox "Message Painters"',
        'region "',
        'article "Alice, ',
    ):
        assert line in tree, tree
