"""Tabs of one browser: two users one after the other, and what one user writes in several tabs."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.async_api import BrowserContext, Page, WebSocketRoute, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_two_browsers import say, shown, sign_in, sign_in_by_form, timeline
from tests.support.accounts import PASSWORD, register
from tests.support.site import Site


@pytest.fixture
def town(site: Site) -> Site:
    """Return a site with the accounts alice and bob."""
    register(site, ["alice", "bob"])
    return site


class Line:
    """The connection of a page, which the test interrupts and restores."""

    def __init__(self) -> None:
        self.is_cut = False
        self._routes: list[WebSocketRoute] = []

    async def attach(self, page: Page) -> None:
        await page.route_web_socket("**/acc*", self._open)

    async def cut(self) -> None:
        self.is_cut = True
        for route in self._routes:
            with contextlib.suppress(Exception):
                await route.close(code=1012)

    async def _open(self, route: WebSocketRoute) -> None:
        if self.is_cut:
            await route.close(code=1012)
        else:
            self._routes.append(route)
            route.connect_to_server()


async def sign_in_elsewhere(context: BrowserContext, site: Site, name: str) -> Page:
    """Sign in in another tab, which then shows a page without chat."""
    await context.clear_cookies()
    page = await context.new_page()
    await page.goto(f"{site.url}/accounts/login/?next=/accounts/profile/")
    await page.locator("input[name=username]").fill(name)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await expect(page).to_have_url(f"{site.url}/accounts/profile/")
    return page


async def test_nothing_of_alice_is_shown_to_or_sent_as_bob_who_signs_in_in_her_browser(
    town: Site, person: OpenPerson
) -> None:
    tab, line = await person("alice"), Line()
    await line.attach(tab)
    await sign_in(tab, town, "alice")
    await make_group(tab, "Painters", "bob")
    await open_channel(tab, "Web")
    await say(tab, "before bob came")
    await expect(shown(tab, "before bob came")).to_be_visible()
    await line.cut()
    await say(tab, "while offline")
    await tab.get_by_test_id("composer").fill("half a sente")
    await tab.get_by_test_id("channel-filter").fill("Pain")

    other = await sign_in_elsewhere(tab.context, town, "bob")
    line.is_cut = False
    await expect(tab.get_by_test_id("notice")).to_have_text("This browser is now signed in as Bob.")
    await expect(tab.get_by_test_id("me-menu")).to_contain_text("Bob")
    await expect(tab.get_by_test_id("composer")).to_have_value("")
    await expect(tab.get_by_test_id("channel-filter")).to_have_value("")
    assert "while offline" not in await timeline(tab)
    await say(tab, "bob is here")
    sent = tab.locator("[data-testid=message][data-own=true][data-state=sent]")
    await expect(sent).to_have_count(1)
    await expect(sent).to_contain_text("bob is here")

    # The page of a signed-in alice in the other tab calls this one back to her, once the server answers it.
    await other.context.clear_cookies()
    await tab.route("**/*", lambda route: route.abort())
    await sign_in_by_form(other, town, "alice")
    await expect(tab.get_by_text("This page opens again as soon as there is a connection.")).to_be_visible()
    await expect(shown(tab, "bob is here")).to_be_hidden()
    await tab.unroute_all()
    await expect(tab.get_by_test_id("me-menu")).to_contain_text("Alice")
    for page in (tab, other):
        await expect(page.get_by_test_id("composer")).to_have_value("half a sente")
        mine = page.locator("[data-testid=message][data-own=true][data-state=sent]")
        await expect(mine).to_have_text([_has("before bob came"), _has("while offline")])
    await tab.get_by_test_id("composer").fill("")


def _has(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


async def test_a_page_of_the_past_is_loaded_again_before_it_is_shown(town: Site, person: OpenPerson) -> None:
    tab = await person("alice")
    await sign_in(tab, town, "alice")
    is_hidden = await tab.evaluate("""() => {
      document.body.dataset.isOld = "";
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      return document.body.hidden;
    }""")
    assert is_hidden
    await expect(tab.locator("body[data-is-old]")).to_have_count(0)
    await expect(tab.get_by_test_id("composer")).to_be_visible()


async def test_after_a_sign_out_elsewhere_no_dialog_of_alice_stays_open(town: Site, person: OpenPerson) -> None:
    tab = await person("alice")
    await sign_in(tab, town, "alice")
    await tab.get_by_test_id("new-menu").click()
    await tab.get_by_test_id("create-group").click()
    await tab.locator("dialog[open]").get_by_test_id("group-name").fill("A secret")
    # A menu that is opened while the page still connects stays open.
    other, line = await tab.context.new_page(), Line()
    await line.attach(other)
    line.is_cut = True
    await other.goto(town.url)
    await other.get_by_test_id("me-menu").click()
    line.is_cut = False
    await expect(other.get_by_test_id("channel-title")).to_have_text("Web")
    await other.get_by_test_id("sign-out").click()

    await expect(tab.get_by_test_id("guest-name")).to_be_visible()
    await expect(tab.locator("dialog[open]")).to_have_count(0)
    # The guest who goes on in this tab gets a page of their own.
    await tab.get_by_test_id("guest-name").fill("Carol")
    await tab.get_by_test_id("guest-enter").click()
    await expect(tab.get_by_test_id("notice")).to_have_text("This browser is now signed in as Carol.")
    assert await tab.locator("#dialog-new-group [data-testid=group-name]").input_value() == ""
    # The other tab, which asked for a sign-in, follows.
    await expect(other.get_by_test_id("me-menu")).to_contain_text("Carol")


async def test_a_draft_is_the_same_in_all_tabs_and_is_sent_once(town: Site, person: OpenPerson) -> None:
    first = await person("alice")
    await sign_in(first, town, "alice")
    second = await first.context.new_page()
    await second.goto(town.url)
    one, two = first.get_by_test_id("composer"), second.get_by_test_id("composer")
    await expect(two).to_be_focused()

    await one.fill("written in the first")
    await expect(two).to_have_value("written in the first")
    await two.press("End")
    await two.press_sequentially(", and on in the second")
    await expect(one).to_have_value("written in the first, and on in the second")
    await one.press("Enter")
    await expect(two).to_have_value("")
    await expect(shown(second, "written in the first, and on in the second")).to_be_visible()
    await two.press("Enter")
    await say(second, "and something else")
    await expect(shown(second, "and something else")).to_be_visible()
    assert (await timeline(second)).count("written in the first, and on in the second") == 1

    # The newest wins, and a tab in another channel shows it later.
    await make_group(second, "Drafters", "bob")
    await one.fill("for later")
    await open_channel(second, "Web")
    await expect(two).to_have_value("for later")
    await two.fill("")
    await expect(one).to_have_value("")


async def test_an_edit_under_way_survives_everything_but_its_end(town: Site, person: OpenPerson) -> None:
    alice = await person("alice")
    await sign_in(alice, town, "alice")
    await make_group(alice, "Editors", "bob")
    composer, context = alice.get_by_test_id("composer"), alice.get_by_test_id("composer-reply")
    await say(alice, "first versoin")
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
    await composer.fill("a draft beside it")

    async def start() -> None:
        await use_toolbar(alice.get_by_test_id("message"), "message-edit")

    async def is_edited() -> None:
        await expect(composer).to_have_value("second version")
        await expect(context).to_contain_text("Editing message")

    await start()
    await expect(composer).to_have_value("first versoin")
    await composer.fill("second version")
    await open_channel(alice, "Web")
    await expect(composer).to_have_value("")
    await expect(alice.get_by_test_id("channel-item").filter(has_text="Editors")).to_contain_text("Draft")
    await alice.go_back()
    await is_edited()
    await alice.reload()
    await is_edited()
    address = alice.url
    await alice.goto(f"{town.url}/accounts/profile/")
    await alice.goto(address)
    await is_edited()

    # Esc leaves the edit and keeps it.
    await composer.press("Escape")
    await expect(composer).to_have_value("a draft beside it")
    await expect(alice.get_by_test_id("notice")).to_contain_text("Your changes are kept.")
    await start()
    await is_edited()

    other = await alice.context.new_page()
    await other.goto(address)
    await expect(other.get_by_test_id("composer")).to_have_value("second version")
    await composer.press("Enter")
    await expect(shown(alice, "second version")).to_be_visible()
    for page in (alice, other):
        await expect(page.get_by_test_id("composer")).to_have_value("a draft beside it")

    # Only the user discards it.
    await start()
    await composer.fill("third")
    await alice.get_by_test_id("composer-discard").click()
    await start()
    await expect(composer).to_have_value("second version")
    await expect(alice.get_by_test_id("composer-discard")).to_be_hidden()
