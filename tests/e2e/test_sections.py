"""Alice arranges her channels in sections, by mouse and keyboard, and finds the same on her phone."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.page_checks import check
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

_ROWS = """list => [...list.children].map((row) =>
  row.querySelector("[data-part=toggle] [data-part=text]")?.textContent.toUpperCase()
  ?? row.querySelector("[data-part=name]").textContent)"""


async def _expect_rows(page: Page, *rows: str) -> None:
    await expect(page.get_by_test_id("channel-list")).to_be_visible()
    await page.wait_for_function(
        f"rows => JSON.stringify(({_ROWS})(document.querySelector('#channel-list'))) === rows",
        arg=_json(rows),
    )


def _json(rows: tuple[str, ...]) -> str:
    return "[" + ",".join(f'"{row}"' for row in rows) + "]"


async def _choose(page: Page, channel: str, action: str, *, text: str = "") -> None:
    """Open the menu of a channel by the right mouse button, and choose an action."""
    await page.get_by_test_id("channel-item").filter(has_text=channel).click(button="right")
    await page.get_by_test_id(action).filter(has_text=text).click()


async def test_alice_arranges_her_channels_on_all_her_devices(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        for name in ("Readers", "Walkers", "Cooks"):
            await bob.call("channel.create", kind="public", name=name, members=["alice"])
    desk = await person("alice", width=1440)
    phone = await person(
        "phone", width=390, height=844, locale="zh-CN", has_touch=True, is_mobile=True, color_scheme="dark"
    )
    # An order that an earlier version of the page kept in the browser.
    await sign_in(desk, site, "alice")
    user_id = await desk.evaluate("JSON.parse(document.querySelector('#boot').textContent).userId")
    await desk.evaluate(
        "([key, value]) => localStorage.setItem(key, value)",
        [f"im.sidebar.{user_id}", '{"sort": "name", "collapsed": []}'],
    )
    await desk.reload()
    await _expect_rows(desk, "Web", "Cooks", "Readers", "Walkers")
    await sign_in(phone, site, "alice", by_touch=True)
    await _expect_rows(phone, "Web", "Cooks", "Readers", "Walkers")

    await _choose(desk, "Walkers", "section-new")
    await desk.get_by_test_id("section-name").fill("Outdoors")
    await desk.get_by_test_id("dialog-confirm").locator("visible=true").click()
    await _expect_rows(desk, "OUTDOORS", "Walkers", "CHANNELS AND GROUPS", "Web", "Cooks", "Readers")
    await _expect_rows(phone, "OUTDOORS", "Walkers", "频道和群组", "Web", "Cooks", "Readers")

    # By keyboard: the menu key on the channel that has the focus, and Ctrl+Shift+Up.
    cooks = desk.get_by_test_id("channel-item").filter(has_text="Cooks")
    await cooks.focus()
    await cooks.press("Shift+F10")
    await desk.keyboard.press("End")
    await desk.keyboard.press("ArrowUp")
    await expect(desk.get_by_test_id("section-choice")).to_be_focused()
    await screenshot(desk, "section-channel-menu")
    await check(desk, "menu of a channel", without="region")
    await desk.keyboard.press("Enter")
    await _expect_rows(desk, "OUTDOORS", "Walkers", "Cooks", "CHANNELS AND GROUPS", "Web", "Readers")
    await cooks.focus()
    await cooks.press("Control+Shift+ArrowUp")
    await _expect_rows(desk, "OUTDOORS", "Cooks", "Walkers", "CHANNELS AND GROUPS", "Web", "Readers")
    await expect(cooks).to_be_focused()
    await _expect_rows(phone, "OUTDOORS", "Cooks", "Walkers", "频道和群组", "Web", "Readers")

    # On the phone she opens the details of a channel, and renames and deletes the section.
    await phone.get_by_test_id("channel-item").filter(has_text="Readers").click()
    await phone.get_by_test_id("details-toggle").click()
    await phone.get_by_test_id("channel-section").click()
    await screenshot(phone, "section-choice-phone")
    await phone.get_by_test_id("section-choice").click()
    await phone.keyboard.press("Escape")
    await phone.get_by_test_id("back").click()
    await _expect_rows(desk, "OUTDOORS", "Cooks", "Walkers", "Readers", "CHANNELS AND GROUPS", "Web")
    await phone.get_by_test_id("section-menu").locator("visible=true").click()
    await screenshot(phone, "section-menu-phone")
    await phone.get_by_test_id("section-rename").click()
    await phone.get_by_test_id("section-name").fill("户外")
    await screenshot(phone, "section-rename-phone")
    await check(phone, "name of a section")
    await phone.get_by_test_id("dialog-confirm").locator("visible=true").click()
    await _expect_rows(desk, "户外", "Cooks", "Walkers", "Readers", "CHANNELS AND GROUPS", "Web")
    await desk.reload()
    await _expect_rows(desk, "户外", "Cooks", "Walkers", "Readers", "CHANNELS AND GROUPS", "Web")

    # A favourite is shown above, and returns to its section.
    await _choose(desk, "Walkers", "item-star")
    await _expect_rows(desk, "FAVOURITES", "Walkers", "户外", "Cooks", "Readers", "CHANNELS AND GROUPS", "Web")
    await screenshot(desk, "sections-desktop")
    await check(desk, "sections")
    await _choose(desk, "Walkers", "item-star")
    await desk.get_by_test_id("section-menu").locator("visible=true").focus()
    await desk.keyboard.press("Enter")
    await desk.get_by_test_id("section-delete").click()
    await desk.get_by_test_id("dialog-confirm").locator("visible=true").click()
    await _expect_rows(phone, "Web", "Cooks", "Readers", "Walkers")
