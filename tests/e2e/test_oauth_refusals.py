"""Sign-ins with other providers that must fail: forged or repeated states, foreign redirects, faults, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.oauth_browser import (
    WAYS,
    WITH_ADDRESSES,
    accounts,
    confirm_password,
    expect_chat,
    expect_refusal,
    expect_signed_out,
    linked,
    register,
    rows,
    sign_in_by,
    sign_in_with_password,
)
from tests.e2e.screenshots import screenshot
from tests.support.identity_provider import IdentityProvider
from tests.support.site import Site


async def test_a_state_cannot_be_used_twice(oauth_site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page = await person("alice")
    backs: list[str] = []
    back = f"{oauth_site.url}/accounts/oauth/github/done/"
    page.on("request", lambda request: backs.append(request.url) if request.url.startswith(back) else None)
    await sign_in_by(page, oauth_site, "github")
    await expect_chat(page)
    await page.context.clear_cookies()

    await page.goto(backs[0])
    await expect_refusal(page, "started in another browser", "replayed-state")
    await expect_signed_out(page, oauth_site)


@pytest.mark.parametrize("way", WAYS)
async def test_a_state_cannot_be_used_twice_in_its_own_browser(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page = await person("alice")
    await page.goto(f"{oauth_site.url}/accounts/login/")
    await page.get_by_test_id(f"provider-{way}").click()
    back = await page.locator("#allow").get_attribute("href")
    assert back
    provider.failing_path = "token"  # so that the first try signs in nobody and the session remains
    await page.goto(back)
    await expect(page.get_by_test_id("refusal")).to_be_visible()
    provider.failing_path = ""
    await page.goto(back)
    await expect_refusal(page, "started in another browser", f"replayed-{way}")
    await expect_signed_out(page, oauth_site)


async def test_a_callback_of_another_browser_signs_nobody_in(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    """An attacker who makes a victim open the link would sign the victim in to the attacker's account."""
    mallory, alice = await person("mallory"), await person("alice")
    await mallory.goto(f"{oauth_site.url}/accounts/login/")
    await mallory.get_by_test_id("provider-github").click()
    back = await mallory.locator("#allow").get_attribute("href")
    assert back
    before = accounts(oauth_site)
    await alice.goto(f"{oauth_site.url}/accounts/login/")
    await alice.goto(back)
    await expect_refusal(alice, "started in another browser", "foreign-state")
    await expect_signed_out(alice, oauth_site)
    assert accounts(oauth_site) == before


@pytest.mark.parametrize("way", WAYS)
async def test_a_callback_without_a_state_signs_nobody_in(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page = await person("alice")
    await page.goto(f"{oauth_site.url}/accounts/oauth/{way}/done/?code=anything")
    await expect_refusal(page, "Nothing was changed", f"no-state-{way}")
    await expect_signed_out(page, oauth_site)


@pytest.mark.parametrize("elsewhere", ["//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example"])
async def test_a_next_of_another_site_is_refused(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, elsewhere: str
) -> None:
    page = await person("alice")
    await page.goto(f"{oauth_site.url}/accounts/login/")
    await page.evaluate(
        """([way, next]) => {
            const form = document.querySelector(`[data-testid=provider-${way}]`).form;
            const field = Object.assign(document.createElement("input"), { type: "hidden", name: "next", value: next });
            form.append(field);
        }""",
        ["github", elsewhere],
    )
    await page.get_by_test_id("provider-github").click()
    await expect_refusal(page, "on another site", "foreign-next")
    await expect_signed_out(page, oauth_site)
    assert not [path for path in provider.requested_paths if "authorize" in path]


@pytest.mark.parametrize("way", WITH_ADDRESSES)
async def test_an_unconfirmed_address_of_another_user_signs_nobody_in(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page, email = await person("mallory"), f"victim-{way}@example.org"
    register(oauth_site, f"victim-{way}", email=email)
    before = accounts(oauth_site)
    provider.identity = replace(provider.identity, email=email, confirmed=False)
    await sign_in_by(page, oauth_site, way)
    await expect_refusal(page, "is not verified", f"unconfirmed-{way}")
    await expect_signed_out(page, oauth_site)
    assert accounts(oauth_site) == before and linked(oauth_site, provider.identity.subject) == []


@pytest.mark.parametrize("way", WITH_ADDRESSES)
async def test_a_confirmed_address_of_another_user_links_nothing(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    """An address here may be unconfirmed, so it does not identify the visitor."""
    page, email = await person("alice"), f"owner-{way}@example.org"
    register(oauth_site, f"owner-{way}", email=email)
    provider.identity = replace(provider.identity, email=email.upper())
    await sign_in_by(page, oauth_site, way)
    await expect(page.get_by_test_id("taken")).to_contain_text(email, ignore_case=True)
    await screenshot(page, f"oauth-address-taken-{way}")
    await page.get_by_role("button", name="Create account").click()
    await expect_chat(page)
    assert [name for _, name, _ in linked(oauth_site, provider.identity.subject)] != [f"owner-{way}"]
    assert rows(oauth_site, "SELECT username FROM accounts_user WHERE lower(email) = ?", email) == [(f"owner-{way}",)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["token", "user"])
async def test_a_failing_provider_signs_nobody_in(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str, fault: str
) -> None:
    provider.failing_path = fault
    page = await person("alice")
    await sign_in_by(page, oauth_site, way)
    await expect_refusal(page, "Try again later", f"broken-{fault}-{way}")
    await expect_signed_out(page, oauth_site)


@pytest.mark.parametrize("way", WAYS)
async def test_a_user_who_denies_access_is_told_that_nothing_has_changed(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page = await person("alice")
    await sign_in_by(page, oauth_site, way, "deny")
    await expect_refusal(page, "You did not grant access", f"denied-{way}")
    await expect_signed_out(page, oauth_site)


async def test_a_link_is_made_only_for_the_user_who_started_it(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page = await person("alice")
    register(oauth_site, "anna")
    register(oauth_site, "bert")
    await sign_in_with_password(page, oauth_site, "anna")
    await page.goto(f"{oauth_site.url}/accounts/sign-in-methods/")
    await page.get_by_test_id("link-github").get_by_role("link", name="Link").click()
    await confirm_password(page)
    back = await page.locator("#allow").get_attribute("href")
    assert back
    await sign_in_with_password(page, oauth_site, "bert")
    await page.goto(back)
    await expect(page.get_by_test_id("refusal")).to_be_visible()
    assert linked(oauth_site, provider.identity.subject) == []


async def test_an_external_account_is_linked_to_one_user_only(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    alice, bob = await person("alice"), await person("bob")
    register(oauth_site, "benno")
    await sign_in_by(alice, oauth_site, "github")
    await expect_chat(alice)
    await sign_in_with_password(bob, oauth_site, "benno")
    await bob.goto(f"{oauth_site.url}/accounts/sign-in-methods/")
    await bob.get_by_test_id("link-github").get_by_role("link", name="Link").click()
    await confirm_password(bob)
    await bob.locator("#allow").click()
    await expect_refusal(bob, "linked with another account here", "linked-already")
    assert [name for _, name, _ in linked(oauth_site, provider.identity.subject)] == [provider.identity.login]
