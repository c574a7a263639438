"""The pages work with low vision, a keyboard or a screen reader: axe-core finds no violations."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_account_pages import PAGES
from tests.e2e.test_group_and_private import make_group
from tests.e2e.test_two_browsers import say, shown, sign_in, use_session
from tests.support.accounts import register
from tests.support.site import Site


async def check(page: Page, where: str, *, without: str = "") -> None:
    """Fail with the violated rule and its elements, except for the rule `without`, after animations have ended.

    Light and dark colours are checked.
    """
    faults = []
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => {})))")
        found = await Axe().run(page)
        faults += [
            f"{where}, {scheme}: {rule['help']}\n    " + "\n    ".join(node["html"] for node in rule["nodes"][:5])
            for rule in found.response["violations"]
            if rule["id"] != without
        ]
    assert not faults, "\n".join(faults)


async def test_the_chat_page_is_accessible(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice")
    await alice.goto(site.url)
    await expect(alice.get_by_test_id("guest-name")).not_to_have_value("")
    await check(alice, "welcome")
    await sign_in(alice, site, "alice")
    await make_group(alice, "Painters", "bob")
    await say(alice, "**Early** Spring, see https://museum.example/ and `code` @bob")
    message = shown(alice, "Early")
    await expect(message).to_be_visible()
    await check(alice, "group")
    await message.hover()
    await alice.get_by_test_id("message-more").click()
    # A menu floats above the page's landmarks and has the focus.
    await check(alice, "menu of a message", without="region")
    await alice.keyboard.press("Escape")
    await alice.get_by_test_id("search-toggle").click()
    await alice.get_by_test_id("search-field").fill("nowhere")
    await expect(alice.get_by_test_id("search-state")).to_contain_text("nowhere")
    await check(alice, "search")
    await alice.get_by_test_id("search-close").click()
    await alice.get_by_test_id("tab-people").click()
    await check(alice, "people")
    for choice in ("create-group", "new-chat", "browse-groups"):
        await alice.get_by_test_id("new-menu").click()
        await alice.get_by_test_id(choice).click()
        await expect(alice.locator("dialog[open]")).to_be_visible()
        await check(alice, choice)
        await alice.keyboard.press("Escape")
    await alice.set_viewport_size({"width": 390, "height": 844})
    await check(alice, "phone")


async def test_the_account_pages_are_accessible(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    page = await person("alice")
    for name in ("login", "reset"):
        await page.goto(site.url + PAGES[name])
        await check(page, name)
    await page.goto(f"{site.url}/accounts/register/")
    await check(page, "register")
    await use_session(page, site, "alice")
    for name in PAGES.keys() - {"login", "reset"}:
        await page.goto(site.url + PAGES[name])
        await check(page, name)
