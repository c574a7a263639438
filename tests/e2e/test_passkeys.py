"""Alice adds a passkey in Chromium and signs in with it. The authenticator is Chromium's virtual one."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.support import accounts
from tests.support.accounts import PASSWORD
from tests.support.site import Site


async def _plug_in(page: Page) -> None:
    """Give the page an authenticator that keeps passkeys and verifies its user."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable", {})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_alice_signs_in_with_a_passkey(site: Site, person: OpenPerson) -> None:
    # Passkeys belong to host names, not to addresses.
    url = f"http://localhost:{site.port}"
    page = await person("alice")
    await _plug_in(page)
    accounts.register(site, ["alice"])
    session = {"name": "sessionid", "value": site.sessions.pop("alice"), "url": url}
    await page.context.add_cookies([session])
    await page.goto(f"{url}/accounts/second-factor/")
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_label("Name of a new passkey").fill("My laptop")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_test_id("codes")).to_contain_text("-")
    await page.get_by_role("link", name="I have saved them").click()
    await expect(page.get_by_test_id("passkey")).to_contain_text("My laptop")
    # The authenticator makes no second one.
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("alert")).to_have_text("This device has a passkey for your account already.")

    # Alone, without a name.
    await page.context.clear_cookies()
    await page.goto(f"{url}/accounts/login/?next=/accounts/profile/")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()

    # As the second step.
    await page.context.clear_cookies()
    await page.goto(f"{url}/accounts/login/?next=/accounts/profile/")
    await page.locator("input[name=username]").fill("alice")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()
