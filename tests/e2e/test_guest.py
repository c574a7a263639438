"""A guest writes, returns after a reload, learns what needs an account, and leaves nothing in the browser."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conditions import until
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import enter_as_guest, say
from tests.support.site import Site

_STORES = "(text) => Object.values(localStorage).join().includes(text)"


async def test_a_guest_writes_reloads_and_signs_out(site: Site, person: OpenPerson) -> None:
    alice = await person("alice")
    await enter_as_guest(alice, site, "Alice")
    composer, button = alice.get_by_test_id("composer"), alice.get_by_test_id("composer-send")

    # A text that shows nothing is not sent.
    for invisible in ("\u3164\u200b", "\x85\u2800"):
        await composer.fill(invisible)
        await expect(button).to_be_disabled()
        await composer.press("Enter")
        await expect(composer).to_have_value(invisible)
    await composer.fill("👨‍👩‍👧")
    await expect(button).to_be_enabled()

    # A reload keeps the guest and the history.
    await say(alice, "I was here")
    sent = alice.get_by_test_id("message")
    await expect(sent).to_have_attribute("data-state", "sent")
    await alice.reload()
    await expect(sent).to_have_attribute("data-own", "true")
    await expect(sent).to_contain_text("I was here")

    # Files and searches need an account.
    await alice.get_by_test_id("attach").click()
    await expect(alice.get_by_test_id("notice")).to_contain_text("Create an account")
    await alice.get_by_test_id("search-toggle").click()
    await alice.get_by_test_id("search-field").fill("hello")
    await expect(alice.get_by_test_id("search-state")).to_contain_text("Sign in or create an account")

    # A sign-out clears the browser's storage.
    await composer.fill("never finished")
    await until(alice, _STORES, "never finished")
    await alice.get_by_test_id("me-menu").click()
    await alice.get_by_test_id("sign-out").click()
    await alice.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(alice.get_by_test_id("guest-name")).to_be_visible()
    assert not await alice.evaluate(_STORES, "never finished")
