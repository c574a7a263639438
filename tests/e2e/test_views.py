"""Every view of the page with long names, long words, right-to-left text and a broken picture, for people to look at.

`SCREENSHOTS=1` keeps a picture of each in test-results/. None is wider than the screen.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import sign_in
from tests.e2e.tour import OVERFLOW
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

LONG_NAME = "Everyone who paints rivers and mist at dawn 早春山水画爱好者交流群"
TEXTS = (
    "Good morning, everyone.",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
    "مرحبا بالجميع، هذا نص من اليمين إلى اليسار مع كلمة English في الوسط.",
    "> שלום\n\n- אחד\n- שתיים",
    "你好，今天的展览几点开门？ `code` and **bold** https://museum.example/a/very/long/address?with=parameters&and=more",
    "😀🎉",
)
SIZES = {"1440": (1440, 900), "1024": (1024, 768), "390": (390, 844)}


class Visitor:
    """A page that is led from view to view."""

    def __init__(self, page: Page, name: str, *, is_phone: bool) -> None:
        self.page, self._name, self.is_phone = page, name, is_phone

    async def press(self, *names: str) -> None:
        for name in names:
            await self.page.get_by_test_id(name).locator("visible=true").first.click()

    async def look(self, view: str) -> None:
        assert await self.page.evaluate(OVERFLOW) == [], view
        await screenshot(self.page, f"view-{view}-{self._name}")

    async def show_list(self) -> None:
        if self.is_phone:
            await self.press("back")

    async def panel(self, view: str, *names: str) -> None:
        """Open a panel from the sidebar, and close it."""
        await self.press(*names)
        await self.look(view)
        await self.page.keyboard.press("Escape")

    async def dialog(self, view: str, *names: str) -> None:
        await self.press(*names)
        await expect(self.page.locator("dialog[open]")).to_be_visible()
        await self.look(view)
        await self.page.keyboard.press("Escape")
        await expect(self.page.locator("dialog[open]")).to_have_count(0)


async def _populate(site: Site, alice: str, tokens: dict[str, str]) -> None:
    async with await Client.connect(site.acc) as client:
        await client.login_token(tokens[alice])
        group = (await client.call("channel.create", kind="public", name=LONG_NAME, members=[]))["target"]
        for number in range(20):
            await client.call("channel.create", kind="public", name=f"Room {number}", members=[])
        for text in TEXTS:
            sent = await client.call("message.send", target=group, type="text", msg=text)
        await client.call("message.send", target=group, type="text", msg="An answer", threadId=sent["id"])
        await client.call("message.react", target=group, id=sent["id"], emoji="👍")
        await client.call("saved.add", target=group, id=sent["id"])


@pytest.mark.parametrize(
    ("size", "locale", "scheme"),
    [("1440", "en-GB", "light"), ("1024", "zh-CN", "dark"), ("390", "en-GB", "light"), ("390", "zh-CN", "dark")],
)
async def test_every_view_fits_the_screen(site: Site, person: OpenPerson, size: str, locale: str, scheme: str) -> None:
    width, height = SIZES[size]
    alice = f"alice{size}{scheme}"
    await _populate(site, alice, register(site, [alice]))
    is_phone = width < 640
    touch = {"has_touch": True, "is_mobile": True} if is_phone else {}
    page = await person(alice, width=width, height=height, locale=locale, color_scheme=scheme, **touch)
    await sign_in(page, site, alice, by_touch=is_phone)
    visitor = Visitor(page, f"{size}-{scheme}-{locale[:2]}", is_phone=is_phone)
    await page.get_by_test_id("channel-item").filter(has_text=LONG_NAME).click()
    await expect(page.get_by_test_id("message-text")).to_have_count(len(TEXTS))
    await page.get_by_test_id("composer").fill("A draft that waits " * 12)
    await visitor.look("timeline")
    if width < 1200:
        await visitor.press("details-toggle")
    await visitor.look("details")
    for item in ("invite", "invite-links", "group-settings"):
        await visitor.dialog(item, item)
    if width < 1200:
        await page.keyboard.press("Escape")
    await visitor.press("thread-link")
    await visitor.look("thread")
    await page.keyboard.press("Escape")
    await _open_switcher(visitor)
    await visitor.show_list()
    # A draft is listed once another channel is open.
    await page.get_by_test_id("channel-item").filter(has_text="Room 3").click()
    await expect(page.get_by_test_id("channel-title")).to_have_text("Room 3")
    await visitor.show_list()
    await visitor.look("sidebar")
    for name in ("unread", "drafts", "saved"):
        await visitor.panel(name, f"{name}-toggle")
    for name in ("new-chat", "create-group", "browse-groups"):
        await visitor.dialog(name, "new-menu", name)
    for name in ("preferences", "notifications"):
        await visitor.dialog(name, "me-menu", name)
    await visitor.press("me-menu")
    await visitor.look("user-menu")
    await page.keyboard.press("Escape")
    await visitor.press("tab-people")
    await visitor.look("contacts")


async def _open_switcher(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("Control+k")
    await visitor.page.get_by_test_id("switcher-field").fill("Room")
    await visitor.look("switcher")
    await visitor.page.keyboard.press("Escape")
