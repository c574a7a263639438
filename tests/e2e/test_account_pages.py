"""The account pages in a browser: profile and picture, devices, password reset by mail, export and deletion.

With `SCREENSHOTS=1` pictures go to test-results/: two widths, light and dark, both languages.
"""

from __future__ import annotations

import itertools
import json
import re
import zipfile
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conditions import expect_natural_width, reload_until, resize
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import choose
from tests.e2e.test_two_browsers import say, shown, submit_sign_in, use_session
from tests.support import accounts
from tests.support.accounts import PASSWORD
from tests.support.fixtures.sites import SiteFactory
from tests.support.identity_provider import KEYS, picture
from tests.support.site import Site
from tests.support.waiting import wait_until

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site(site_factory: SiteFactory) -> Iterator[Site]:
    # With these keys the pages show all sign-in methods; no test uses them.
    with site_factory(**KEYS) as running:
        yield running


async def register(page: Page, site: Site, name: str = "alice") -> str:
    """Register an account with PASSWORD by the form, signed in and in the chat; return its name."""
    name = f"{name}{next(_numbers)}"
    await page.goto(f"{site.url}/accounts/register/")
    await page.locator("input[name=username]").fill(name)
    for field in ("password", "password_confirmation"):
        await page.locator(f"input[name={field}]").fill(PASSWORD)
    await page.locator("input[name=password_confirmation]").press("Enter")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    return name


async def signed_in(page: Page, site: Site, name: str = "alice") -> str:
    """Sign the browser in to a new account with PASSWORD, without opening a page; return its name."""
    name = f"{name}{next(_numbers)}"
    accounts.register(site, [name])
    await use_session(page, site, name)
    return name


async def test_a_changed_profile_is_shown_to_others(site: Site, person: OpenPerson) -> None:
    alice, bob = await person("alice"), await person("bob")
    await register(alice, site)
    await signed_in(bob, site, "bob")
    await bob.goto(site.url)
    await expect(bob.get_by_test_id("composer")).to_be_focused()
    await alice.goto(f"{site.url}/accounts/profile/")
    await alice.get_by_label("Display name").fill("Alice the Painter")
    await alice.get_by_label("Status").fill("at the lake")
    await alice.get_by_role("button", name="Save").click()
    await expect(alice.get_by_text("Saved.")).to_be_visible()
    await alice.locator("input[name=avatar]").set_input_files(
        {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": picture(form="JPEG")}
    )
    await alice.get_by_role("button", name="Upload").click()
    await expect_natural_width(alice.get_by_test_id("picture"), 256)

    await alice.goto(site.url)
    await expect(alice.get_by_test_id("composer")).to_be_focused()
    await say(alice, "who am I")
    said = bob.get_by_test_id("message").filter(has_text="who am I")
    await expect(said).to_contain_text("Alice the Painter")
    await expect_natural_width(said.locator(".avatar img"), 256)


async def test_a_language_is_chosen(site: Site, person: OpenPerson) -> None:
    page = await person("alice")
    await signed_in(page, site)
    await page.goto(f"{site.url}/accounts/profile/")
    await page.get_by_label("Language").select_option("zh-hans")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("已保存。")).to_be_visible()
    await page.goto(site.url)
    await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


async def test_a_device_is_signed_out_from_another_device(site: Site, person: OpenPerson) -> None:
    here, there = await person("here", timezone_id="Asia/Shanghai"), await person("there")
    name = await signed_in(here, site)
    await submit_sign_in(there, site, name)
    await expect(there.get_by_test_id("composer")).to_be_focused()
    await here.goto(f"{site.url}/accounts/sign-in-methods/")
    other = here.get_by_test_id("device").filter(has_not_text="This device").filter(has_text="Chrome")
    # The app of the connection is stored in the background, after a few seconds.
    await reload_until(here, other.get_by_text("Web"))
    await expect(other).to_contain_text("127.0.0.1")
    time = other.locator("time").last
    await expect(time).not_to_contain_text("UTC")
    at = await time.evaluate("one => new Date(one.dateTime).toLocaleTimeString('en', { timeZone: 'Asia/Shanghai' })")
    await expect(time).to_contain_text(at.split(":")[0])
    await other.get_by_role("button", name="Sign out").click()
    # This browser and the account's token.
    await expect(here.get_by_test_id("device")).to_have_count(2)
    await expect(other).to_have_count(0)
    # Its live connection has ended, and the page shows that.
    await expect(there.get_by_test_id("composer")).to_be_hidden()


async def test_a_forgotten_password_is_reset_by_mail(site: Site, person: OpenPerson) -> None:
    page = await person("alice")
    name = await signed_in(page, site)
    await page.goto(f"{site.url}/accounts/email/")
    await page.locator("input[name=email]").fill(f"{name}@example.org")
    await page.locator("input[name=current_password]").fill(PASSWORD)
    await page.get_by_role("button", name="Send link").click()
    await page.goto(await link_in_the_mail(site, "email"))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_text(f"{name}@example.org")).to_be_visible()

    await page.context.clear_cookies()
    await page.goto(f"{site.url}/accounts/login/")
    await page.get_by_role("link", name="Forgot your password?").click()
    await page.locator("input[name=email]").fill(f"{name}@example.org")
    await page.get_by_role("button", name="Send link").click()
    await expect(page.get_by_text("If an account has this address")).to_be_visible()
    await page.goto(await link_in_the_mail(site, "reset"))
    for field in ("password", "password_confirmation"):
        await page.locator(f"input[name={field}]").fill("another good one")
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_text("Your password has been changed.")).to_be_visible()
    await submit_sign_in(page, site, name, "another good one")
    await expect(page.get_by_test_id("composer")).to_be_focused()


async def link_in_the_mail(site: Site, path: str) -> str:
    """Return the link in the newest mail, which a development start prints."""

    def links() -> list[str]:
        return re.findall(rf"http://127\.0\.0\.1:\d+/accounts/{path}/\S+", site.log.read_text())

    await wait_until(lambda: bool(links()))
    return links()[-1]


async def test_the_data_is_exported_and_the_account_deleted(site: Site, person: OpenPerson) -> None:
    alice, bob = await person("alice"), await person("bob")
    name = await signed_in(alice, site)
    await signed_in(bob, site, "bob")
    for page in (alice, bob):
        await page.goto(site.url)
        await expect(page.get_by_test_id("composer")).to_be_focused()
    await say(alice, "I shall be gone")
    await expect(shown(bob, "I shall be gone")).to_be_visible()
    await alice.goto(f"{site.url}/accounts/data/")
    async with alice.expect_download() as download:
        await alice.get_by_test_id("export").click()
    path = await (await download.value).path()
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("profile.json"))["userName"] == name
        assert b"I shall be gone" in archive.read("messages.jsonl")

    await alice.get_by_role("link", name="Delete account").click()
    await alice.locator("input[name=current_password]").fill(PASSWORD)
    await alice.get_by_role("button", name="Delete this account").click()
    await expect(alice.get_by_text("Your account is deleted.")).to_be_visible()

    await bob.reload()
    said = bob.get_by_test_id("message").filter(has_text="I shall be gone")
    await expect(said).to_contain_text("Deleted user")
    await expect(bob.get_by_text(name)).to_have_count(0)


async def test_a_user_who_closed_the_account_cannot_be_written_to(site: Site, person: OpenPerson) -> None:
    alice, bob = await person("alice"), await person("bob")
    await signed_in(alice, site)
    name = await signed_in(bob, site, "bob")
    await alice.goto(site.url)
    await expect(alice.get_by_test_id("composer")).to_be_focused()
    await alice.get_by_test_id("new-menu").click()
    await alice.get_by_test_id("new-chat").click()
    await choose(alice, name)
    await expect(alice.get_by_test_id("composer")).to_be_focused()
    await bob.goto(f"{site.url}/accounts/deactivate/")
    await bob.locator("input[name=current_password]").fill(PASSWORD)
    await bob.get_by_role("button", name="Close account").click()

    for _ in range(2):
        await expect(alice.get_by_test_id("composer-note")).to_contain_text(f"{name.capitalize()} cannot be reached")
        await expect(alice.get_by_test_id("composer")).to_be_disabled()
        await screenshot(alice, "unreachable")
        await alice.reload()


async def test_forms_from_before_a_sign_in_in_another_tab(site: Site, person: OpenPerson) -> None:
    # A service worker would load the scripts that the test keeps from a page.
    early = await person("alice", service_workers="block")
    name = f"alice{next(_numbers)}"
    accounts.register(site, [name])
    chat, other = await early.context.new_page(), await early.context.new_page()
    await early.goto(f"{site.url}/accounts/login/")
    await submit_sign_in(chat, site, name)
    await expect(chat.get_by_test_id("composer")).to_be_focused()

    await early.locator("input[name=username]").fill(name)
    await early.locator("input[name=password]").fill(PASSWORD)
    await early.locator("input[name=password]").press("Enter")
    await expect(early.get_by_role("status")).to_contain_text(f"You are signed in as {name}")
    await expect(early.locator("input[name=username]")).to_have_value(name)
    await expect(early.locator("input[name=password]")).to_have_value("")
    await screenshot(early, "outdated-form")

    # The form of a chat page that does not notice the sign-in that follows.
    outdated = await early.context.new_page()
    await outdated.route("**/*.js", lambda route: route.abort())
    await outdated.goto(site.url)
    await submit_sign_in(other, site, name)
    await expect(other.get_by_test_id("composer")).to_be_focused()
    # By a key, because the navigation would end an evaluation that submits the form.
    await outdated.evaluate("addEventListener('keydown', () => document.getElementById('sign-out').submit())")
    await outdated.unroute("**/*.js")
    await outdated.keyboard.press("F9")
    await expect(outdated.locator("#guest-name")).to_be_visible()
    await early.goto(f"{site.url}/accounts/profile/")
    assert "/accounts/login/" in early.url


PAGES = {
    "login": "/accounts/login/",
    "reset": "/accounts/reset/",
    "profile": "/accounts/profile/",
    "sign-in-methods": "/accounts/sign-in-methods/",
    "email": "/accounts/email/",
    "data": "/accounts/data/",
    "delete": "/accounts/data/delete/",
    "deactivate": "/accounts/deactivate/",
}


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
async def test_the_account_pages_fit_the_screen(site: Site, person: OpenPerson, language: str) -> None:
    page = await person("alice", locale=language)
    await signed_in(page, site)
    for name, path in PAGES.items():
        await page.goto(site.url + path)
        for scheme, (width, height) in itertools.product(("light", "dark"), ((1440, 900), (390, 844))):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await resize(page, width, height)
            await screenshot(page, f"account-{name}-{width}-{scheme}-{language[:2]}", full_page=True)
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{name} at {width}"
            )
