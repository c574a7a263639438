"""The pages work with low vision, a keyboard or a screen reader: axe-core finds no violations."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conditions import resize, use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.page_checks import check, layout_faults, moving, violations
from tests.e2e.test_account_pages import PAGES
from tests.e2e.test_group_and_private import make_group
from tests.e2e.test_two_browsers import say, shown, sign_in, use_session
from tests.support.accounts import register
from tests.support.site import Site

_DIALOGS = "() => [...document.querySelectorAll('dialog[data-dialog]')].map((dialog) => dialog.dataset.dialog)"
_PANELS = "() => [...document.querySelectorAll('.side-panel')].map((panel) => panel.id)"
_OPEN_DIALOG = """(name) => {
  const dialog = document.querySelector(`dialog[data-dialog=${name}]`);
  // The page names these when it opens the dialog for a message or user.
  for (const part of dialog.querySelectorAll(":is(h2[data-part], [data-part=confirm], [data-part=cancel]):empty")) {
    part.textContent = "Something";
  }
  dialog.showModal();
}"""
_SHOW_PANEL = """(id) => {
  for (const panel of document.querySelectorAll(".side-panel")) panel.hidden = panel.id !== id;
}"""
_CLOSE_DIALOG = "() => document.querySelector('dialog[open]').close()"
_WIDTHS = (320, 390, 640, 900, 1440, 3840)


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
    await use_toolbar(message, "message-more")
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


async def test_every_dialog_and_panel_is_accessible_at_every_width(site: Site, person: OpenPerson) -> None:
    """The page itself lists its dialogs and panels, so that new ones are visited as well."""
    register(site, ["alice", "bob"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    await make_group(alice, "Painters", "bob")
    await say(alice, "hello")
    await alice.locator("[data-testid=message][data-state=sent]").focus()
    await alice.keyboard.press("t")
    await expect(alice.get_by_test_id("thread-composer")).to_be_focused()
    await alice.evaluate(_SHOW_PANEL, "")
    faults: list[str] = []
    for width in _WIDTHS:
        await resize(alice, width, 800)
        faults += await layout_faults(alice, f"chat at {width}")
    for panel in await alice.evaluate(_PANELS):
        await alice.evaluate(_SHOW_PANEL, panel)
        faults += await violations(alice, f"panel {panel}")
        for width in (320, 900, 3840):
            await resize(alice, width, 800)
            faults += await layout_faults(alice, f"panel {panel} at {width}")
    await alice.evaluate(_SHOW_PANEL, "")
    for dialog in await alice.evaluate(_DIALOGS):
        await alice.evaluate(_OPEN_DIALOG, dialog)
        faults += await violations(alice, f"dialog {dialog}")
        for width in (320, 1440):
            await resize(alice, width, 640)
            faults += await layout_faults(alice, f"dialog {dialog} at {width}")
        await alice.evaluate(_CLOSE_DIALOG)
    assert not faults, "\n".join(faults)
    assert not await moving(alice)


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
