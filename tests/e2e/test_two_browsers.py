"""Two users in two browsers chat on one site and continue after a server crash."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.support.accounts import PASSWORD, register
from tests.support.site import Site


async def enter_as_guest(page: Page, site: Site, name: str) -> None:
    await page.goto(site.url)
    await page.get_by_test_id("guest-name").fill(name)
    await page.get_by_test_id("guest-enter").click()
    await expect(page.get_by_test_id("composer")).to_be_focused()


async def sign_in(page: Page, site: Site, name: str, *, by_touch: bool = False) -> None:
    """Open the chat with the session that `register` has made, or else by the form."""
    if name in site.sessions:
        await use_session(page, site, name)
        await page.goto(site.url)
    else:
        await submit_sign_in(page, site, name)
    composer = page.get_by_test_id("composer")
    # It is disabled until the channel is loaded. On a phone it has no focus, which would open the keyboard.
    await (expect(composer).to_be_editable() if by_touch else expect(composer).to_be_focused())


async def use_session(page: Page, site: Site, name: str) -> None:
    """Sign the browser in with the session that `register` has made."""
    session = site.sessions.pop(name)
    await page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": site.url, "httpOnly": True, "sameSite": "Lax"}]
    )


async def submit_sign_in(page: Page, site: Site, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form, without waiting for the chat."""
    await page.goto(f"{site.url}/accounts/login/")
    await page.locator("input[name=username]").fill(name)
    await page.locator("input[name=password]").fill(password)
    await page.locator("input[name=password]").press("Enter")


async def sign_in_by_form(page: Page, site: Site, name: str) -> None:
    """Sign in by the form and wait for the chat."""
    await submit_sign_in(page, site, name)
    await expect(page.get_by_test_id("composer")).to_be_focused()


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


def shown(page: Page, text: str) -> Locator:
    """Return the message with that text in the timeline; a live region for screen readers repeats it."""
    return page.get_by_test_id("message-text").filter(has_text=text)


async def timeline(page: Page) -> list[str]:
    return [text.strip() for text in await page.get_by_test_id("message-text").all_inner_texts()]


async def test_two_guests_chat_in_the_global_channel(site: Site, person: OpenPerson) -> None:
    alice, bob = await person("alice"), await person("bob")
    await enter_as_guest(alice, site, "Alice")
    await enter_as_guest(bob, site, "夏圭？")

    await say(alice, "Hello, who is here?")
    await expect(shown(bob, "Hello, who is here?")).to_be_visible()
    await say(bob, "<b>我</b> & you")

    await expect(shown(alice, "<b>我</b> & you")).to_be_visible()
    await expect(alice.locator("[data-testid=message] b")).to_have_count(0)


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_messages_typed_while_the_server_is_away_are_sent_once(site: Site, person: OpenPerson, how: str) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await say(alice, "before")
    await expect(shown(bob, "before")).to_be_visible()

    site.kill() if how == "kill" else site.stop()
    await expect(alice.get_by_test_id("connection-bar")).to_be_visible()
    await expect(bob.get_by_test_id("connection-bar")).to_be_visible()
    for number in range(3):
        await say(alice, f"alice {number}")
        await say(bob, f"bob {number}")
    site.start()

    for page in (alice, bob):
        await expect(page.get_by_test_id("connection-bar")).to_be_hidden()
        await expect(page.get_by_test_id("message-text")).to_have_count(7)
        await expect(page.locator("[data-testid=message][data-state=pending]")).to_have_count(0)
    seen = await timeline(alice)
    assert seen == await timeline(bob)
    assert sorted(seen) == sorted(["before", *(f"{name} {number}" for name in ("alice", "bob") for number in range(3))])
