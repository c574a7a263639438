"""Steps of a sign-in with another provider in a browser, and the resulting rows."""

from __future__ import annotations

import contextlib
import sqlite3

from playwright.async_api import Page, expect

from tests.e2e.screenshots import screenshot
from tests.support import accounts as accounts_support
from tests.support.accounts import PASSWORD
from tests.support.site import Site

WAYS = ["github", "google", "wechat"]

WITH_ADDRESSES = ["github", "google"]


def rows(site: Site, query: str, *values: object) -> list[tuple[object, ...]]:
    """Query the site's database; these tests run on SQLite only."""
    with contextlib.closing(sqlite3.connect(site.data / "imsite.sqlite3", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def linked(site: Site, subject: str) -> list[tuple[object, ...]]:
    """Return provider, user name and other stored data of the links with that subject."""
    return rows(
        site,
        "SELECT provider, username, extra_data FROM social_auth_usersocialauth JOIN accounts_user"
        " ON accounts_user.id = user_id WHERE uid = ?",
        subject,
    )


def accounts(site: Site) -> int:
    return len(rows(site, "SELECT id FROM accounts_user"))


def register(site: Site, name: str, *, email: str = "") -> None:
    """Create an account with PASSWORD. Its address is unconfirmed."""
    accounts_support.register(site, [name])
    if email:
        with contextlib.closing(sqlite3.connect(site.data / "imsite.sqlite3", timeout=20)) as database:
            database.execute("UPDATE accounts_user SET email = ? WHERE username = ?", (email, name))
            database.commit()


async def sign_in_by(page: Page, site: Site, way: str, answer: str = "allow", start: str = "/accounts/login/") -> None:
    """Go from the sign-in page to the provider, and return with consent or refusal."""
    await page.goto(site.url + start)
    await page.get_by_test_id(f"provider-{way}").click()
    await page.locator(f"#{answer}").click()


async def confirm_password(page: Page) -> None:
    """Confirm the password of the account's owner."""
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue with").click()


async def expect_chat(page: Page) -> None:
    await expect(page.get_by_test_id("composer")).to_be_focused()


async def expect_refusal(page: Page, text: str, name: str) -> None:
    await expect(page.get_by_test_id("refusal")).to_contain_text(text)
    await screenshot(page, f"oauth-refused-{name}")


async def expect_signed_out(page: Page, site: Site) -> None:
    """Assert that the browser is not signed in."""
    await page.goto(f"{site.url}/accounts/sign-in-methods/")
    assert "/accounts/login/" in page.url


async def sign_in_with_password(page: Page, site: Site, name: str) -> None:
    await page.goto(f"{site.url}/accounts/login/")
    await page.locator("input[name=username]").fill(name)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await expect_chat(page)
