"""The pages work with low vision, a keyboard or a screen reader: axe-core finds no violations."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, expect

from tests.e2e.conditions import resize
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_account_pages import PAGES
from tests.e2e.test_group_and_private import make_group
from tests.e2e.test_two_browsers import say, shown, sign_in, use_session
from tests.support.accounts import register
from tests.support.site import Site

_COLOR_RULES = ["color-contrast", "link-in-text-block"]
"""The rules whose result depends on the colours. The others are checked once."""
_VIOLATIONS = """async (rules) => {
  const only = rules.length ? { runOnly: rules } : {};
  return (await axe.run({ resultTypes: ["violations"], ...only })).violations;
}"""


async def check(page: Page, where: str, *, without: str = "") -> None:
    """Fail with the violated rule and its elements, except for the rule `without`, after animations have ended.

    Light and dark colours are checked.
    """
    faults = []
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    schemes: list[tuple[Literal["dark", "light"], list[str]]] = [("dark", []), ("light", _COLOR_RULES)]
    for scheme, rules in schemes:
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => {})))")
        faults += [
            f"{where}, {scheme}: {rule['help']}\n    " + "\n    ".join(node["html"] for node in rule["nodes"][:5])
            for rule in await page.evaluate(_VIOLATIONS, rules)
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
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
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
    await resize(alice, 390, 844)
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
