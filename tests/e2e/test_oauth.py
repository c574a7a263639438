"""Sign-in with other providers in a real browser: new accounts, known accounts, linked accounts."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.e2e.conditions import expect_natural_width
from tests.e2e.conftest import OpenPerson
from tests.e2e.oauth_browser import (
    WAYS,
    accounts,
    confirm_password,
    expect_chat,
    expect_refusal,
    linked,
    register,
    sign_in_by,
    sign_in_with_password,
)
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import say, shown
from tests.support.fixtures.sites import SiteFactory
from tests.support.identity_provider import Identity, IdentityProvider
from tests.support.site import Site


async def test_alice_signs_in_by_github_and_bob_by_google_and_they_chat(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    alice, bob = await person("alice"), await person("bob")
    provider.identity = Identity(subject="101", login="octo-alice", name="Alice Octo", email="alice@example.org")
    await sign_in_by(alice, oauth_site, "github")
    await expect_chat(alice)
    provider.identity = Identity(subject="102", name="Bob Gee", email="bob@example.org")
    await sign_in_by(bob, oauth_site, "google")
    await expect_chat(bob)

    await say(alice, "I come by GitHub")
    await expect(shown(bob, "I come by GitHub")).to_be_visible()
    await say(bob, "and I by Google")
    await expect(shown(alice, "and I by Google")).to_be_visible()

    said = bob.get_by_test_id("message").filter(has_text="I come by GitHub")
    await expect(said).to_contain_text("Alice Octo")
    picture = said.locator(".avatar img")
    await expect(picture).to_have_attribute("src", re.compile(r"^/avatars/\d+-[0-9a-f]{16}\.webp$"))
    await expect_natural_width(picture, 256)
    await screenshot(alice, "oauth-github-chatting")
    await screenshot(bob, "oauth-google-chatting")
    # No access token is stored.
    assert linked(oauth_site, "101") == [("github", "octo-alice", "{}")]
    assert linked(oauth_site, "102") == [("google-oauth2", "Bob.Gee", "{}")]


async def test_alice_signs_in_by_wechat(oauth_site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    provider.identity = Identity(subject="oXyZ-1", name="夏圭？")
    page = await person("alice", locale="zh-CN")
    await sign_in_by(page, oauth_site, "wechat")
    await expect_chat(page)
    await say(page, "我从微信来")
    await expect(shown(page, "我从微信来")).to_be_visible()
    await screenshot(page, "oauth-wechat-chatting")
    assert linked(oauth_site, "oXyZ-1") == [("weixin", "夏圭", "{}")]


@pytest.mark.parametrize("way", WAYS)
async def test_a_returning_user_keeps_the_account_whatever_else_has_changed(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    first, second = await person("first"), await person("second")
    start = "/accounts/login/?next=/accounts/profile/"
    await sign_in_by(first, oauth_site, way, start=start)
    await expect(first.get_by_role("heading", name="Profile", exact=True)).to_be_visible()
    before = accounts(oauth_site)
    provider.identity = replace(
        provider.identity, login="other", name="Other", email="other@example.org", confirmed=False
    )
    await sign_in_by(second, oauth_site, way, start=start)
    await expect(second.get_by_role("heading", name="Profile", exact=True)).to_be_visible()
    assert accounts(oauth_site) == before


async def test_a_new_user_with_a_taken_name_chooses_another(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page, taken = await person("alice"), provider.identity.login
    register(oauth_site, taken)
    await sign_in_by(page, oauth_site, "github")
    await expect(page.locator("input[name=username]")).to_have_value("")
    await screenshot(page, "oauth-newcomer")
    await page.locator("input[name=username]").fill(taken.upper())
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_text("This name is taken.")).to_be_visible()
    await page.locator("input[name=username]").fill(f"{taken}-free")
    await page.get_by_role("button", name="Create account").click()
    await expect_chat(page)
    assert linked(oauth_site, provider.identity.subject) == [("github", f"{taken}-free", "{}")]


async def test_a_user_is_redirected_to_a_page_of_this_site(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page = await person("alice")
    await sign_in_by(page, oauth_site, "github", start="/accounts/login/?next=/accounts/profile/")
    await expect(page.get_by_role("heading", name="Profile", exact=True)).to_be_visible()


async def test_linda_links_and_unlinks_an_account(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page, elsewhere, subject = await person("alice"), await person("elsewhere"), provider.identity.subject
    register(oauth_site, "linda")
    await sign_in_with_password(page, oauth_site, "linda")
    await page.goto(f"{oauth_site.url}/accounts/sign-in-methods/")
    await page.get_by_test_id("link-google").get_by_role("link", name="Link").click()
    await screenshot(page, "oauth-link")
    await confirm_password(page)
    await page.locator("#allow").click()
    await expect(page.get_by_test_id("link-google")).to_contain_text("Linked")
    await screenshot(page, "oauth-linked")
    assert linked(oauth_site, subject) == [("google-oauth2", "linda", "{}")]

    await sign_in_by(elsewhere, oauth_site, "google")
    await expect_chat(elsewhere)
    await page.get_by_test_id("link-google").get_by_role("button", name="Unlink").click()
    await expect(page.get_by_test_id("link-google")).to_contain_text("Not linked")
    assert linked(oauth_site, subject) == []


async def test_a_return_that_is_used_twice_signs_in_once_and_nobody_out(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page = await person("alice")
    await page.goto(f"{oauth_site.url}/accounts/login/?next=/accounts/profile/")
    await page.get_by_test_id("provider-github").click()
    back = await page.locator("#allow").get_attribute("href")
    assert back
    other = await page.context.new_page()
    await asyncio.gather(page.goto(back), other.goto(back))
    for tab in (page, other):
        await expect(tab.get_by_role("heading", name="Profile")).to_be_visible()
    await page.goto(back)
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    await other.reload()
    await expect(other.get_by_role("heading", name="Profile")).to_be_visible()


async def test_alice_cannot_unlink_her_only_sign_in_method(
    oauth_site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page = await person("alice")
    await sign_in_by(page, oauth_site, "github")
    await expect_chat(page)
    await page.goto(f"{oauth_site.url}/accounts/sign-in-methods/")
    await page.get_by_test_id("link-github").get_by_role("button", name="Unlink").click()
    await expect_refusal(page, "This is your only way to sign in.", "only-way")
    assert len(linked(oauth_site, provider.identity.subject)) == 1


async def test_a_site_without_keys_shows_no_buttons(site_factory: SiteFactory, person: OpenPerson) -> None:
    with site_factory() as bare:
        page = await person("alice")
        await page.goto(f"{bare.url}/accounts/login/")
        await expect(page.get_by_test_id("provider-github")).to_have_count(0)
        answer = await page.request.get(f"{bare.url}/accounts/oauth/github/done/")
        assert answer.status == 404
