"""A page that cannot connect says why, keeps what is written, and comes in by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import enter_as_guest, say, shown
from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

LIMIT = 2


@pytest.fixture(scope="module")
def small_site(site_factory: SiteFactory) -> Iterator[Site]:
    """Run a site that allows each user few connections."""
    with site_factory(IM_MAX_CONNECTIONS_PER_USER=str(LIMIT)) as running:
        yield running


async def test_a_network_that_lets_no_connection_through_is_named_and_the_text_is_kept(
    small_site: Site, person: OpenPerson
) -> None:
    alice = await person("alice")
    await enter_as_guest(alice, small_site, "Alice")
    is_open = False
    swallowed = asyncio.Event()

    def pass_on_or_swallow(route: WebSocketRoute) -> None:
        if is_open:
            route.connect_to_server()
        else:
            # A login is sent once the upgrade is answered.
            route.on_message(lambda _: swallowed.set())

    async def pass_on_or_fail(route: Route) -> None:
        await (route.continue_() if is_open else route.abort())

    await alice.route_web_socket("**/acc*", pass_on_or_swallow)
    await alice.route("**/acc/polling/*", pass_on_or_fail)
    await alice.clock.install()
    await alice.reload()
    bar, composer = alice.get_by_test_id("connection-bar"), alice.get_by_test_id("composer")
    await asyncio.wait_for(swallowed.wait(), TIMEOUT_SECONDS)
    await alice.clock.run_for(4_000)
    # The upgrade was answered, and nothing else: the user need not wait for the end of the attempt.
    await expect(alice.get_by_test_id("connection-retry")).to_be_visible()
    await expect(composer).to_be_disabled()
    await alice.clock.run_for(12_000)

    await expect(bar).to_contain_text("does not let the chat's connections through")
    await expect(alice.get_by_test_id("timeline")).to_contain_text("Messages could not be loaded.")
    await composer.fill("written without a connection")
    await composer.press("Enter")
    await expect(alice.locator(".toast")).to_contain_text("once you are connected")

    is_open = True
    await alice.get_by_test_id("timeline").get_by_role("button", name="Try again").click()
    await expect(bar).to_be_hidden()
    await expect(alice.get_by_test_id("timeline")).to_contain_text("Welcome to Web")
    await expect(composer).to_have_value("written without a connection")
    await composer.press("Enter")
    await expect(shown(alice, "written without a connection")).to_be_visible()


async def test_a_tab_over_the_limit_says_why_and_comes_in(small_site: Site, person: OpenPerson) -> None:
    first = await person("bob")
    await enter_as_guest(first, small_site, "Bob")
    tabs = [await first.context.new_page() for _ in range(LIMIT)]
    last = tabs[-1]
    await tabs[0].goto(small_site.url)
    # The tab that connects last is the one without a place.
    await expect(tabs[0].get_by_test_id("composer")).to_be_focused()
    await last.goto(small_site.url)

    await expect(last.get_by_test_id("connection-bar")).to_contain_text("too many open connections")
    await expect(last.get_by_test_id("guest-name")).to_be_hidden()
    await first.close()

    await expect(last.get_by_test_id("connection-bar")).to_be_hidden()
    await say(last, "I am in")
    await expect(shown(tabs[0], "I am in")).to_be_visible()
