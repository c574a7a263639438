"""People come by GitHub, Google and WeChat: the real flow, in a browser, against an identity provider of the tests.

Screenshots of how each ends are kept in test-results/.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import say, shown
from tests.support.accounts import PASSWORD
from tests.support.fixtures.sites import SiteFactory
from tests.support.identity_provider import KEYS, IdentityProvider, Someone
from tests.support.site import Site

RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
WAYS = ["github", "google", "wechat"]
WITH_ADDRESSES = ["github", "google"]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def _provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        yield running


@pytest.fixture(scope="module")
def site(site_factory: SiteFactory, _provider: IdentityProvider) -> Iterator[Site]:
    """One site for all these tests; each comes as somebody whom it does not know yet."""
    options = {"DJANGO_SETTINGS_MODULE": "tests.support.oauth_settings", "TEST_IDENTITY_PROVIDER": str(_provider.port)}
    with site_factory(**options, **KEYS) as running:
        yield running


@pytest.fixture
def provider(_provider: IdentityProvider) -> IdentityProvider:
    """Somebody new is at the browser, and nothing is broken."""
    _provider.someone, _provider.broken, _provider.asked = newcomer(), "", []
    return _provider


def newcomer() -> Someone:
    number = next(_numbers)
    return Someone(
        subject=str(4710 + number),
        login=f"octo-{number}",
        name=f"Octo Number {number}",
        email=f"octo{number}@example.org",
    )


def rows(site: Site, query: str, *values: object) -> list[tuple[object, ...]]:
    """What the site's database says; these tests run on SQLite only."""
    with contextlib.closing(sqlite3.connect(site.data / "imsite.sqlite3", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def linked(site: Site, subject: str) -> list[tuple[object, ...]]:
    """Provider, user name and what else is kept of the links with that subject."""
    return rows(
        site,
        "SELECT provider, username, extra_data FROM social_auth_usersocialauth JOIN accounts_user"
        " ON accounts_user.id = user_id WHERE uid = ?",
        subject,
    )


def accounts(site: Site) -> int:
    return len(rows(site, "SELECT id FROM accounts_user"))


async def register(page: Page, site: Site, name: str, *, email: str = "") -> None:
    """Make an account with PASSWORD, in this browser, and sign out again. No mail has been sent to the address."""
    await page.goto(f"{site.url}/accounts/register/")
    await page.locator("input[name=username]").fill(name)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=again]").fill(PASSWORD)
    await page.locator("input[name=again]").press("Enter")
    await expect_chat(page)
    await page.context.clear_cookies()
    if email:
        with contextlib.closing(sqlite3.connect(site.data / "imsite.sqlite3", timeout=20)) as database:
            database.execute("UPDATE accounts_user SET email = ? WHERE username = ?", (email, name))
            database.commit()


async def keep(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    await page.screenshot(path=RESULTS / f"oauth-{name}.png")


async def go(page: Page, site: Site, way: str, answer: str = "allow", start: str = "/accounts/login/") -> None:
    """From the sign-in page to the provider, and back with yes or no."""
    await page.goto(site.url + start)
    await page.get_by_test_id(f"way-{way}").click()
    await page.locator(f"#{answer}").click()


async def certain(page: Page) -> None:
    """Show that it is the account's owner who asks."""
    await page.get_by_label("Present password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on with").click()


async def expect_chat(page: Page) -> None:
    await expect(page.get_by_test_id("composer")).to_be_focused()


async def expect_refusal(page: Page, text: str, name: str) -> None:
    await expect(page.get_by_test_id("refusal")).to_contain_text(text)
    await keep(page, f"refused-{name}")


async def expect_nobody(page: Page, site: Site) -> None:
    """The browser is signed in as nobody."""
    await page.goto(f"{site.url}/accounts/ways-in/")
    assert "/accounts/login/" in page.url


async def sign_in_here(page: Page, site: Site, name: str) -> None:
    await page.goto(f"{site.url}/accounts/login/")
    await page.locator("input[name=username]").fill(name)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await expect_chat(page)


async def test_one_comes_by_github_one_by_google_and_they_talk(
    site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    alice, bob = await person("alice"), await person("bob")
    provider.someone = Someone(subject="101", login="octo-alice", name="Alice Octo", email="alice@example.org")
    await go(alice, site, "github")
    await expect_chat(alice)
    provider.someone = Someone(subject="102", name="Bob Gee", email="bob@example.org")
    await go(bob, site, "google")
    await expect_chat(bob)

    await say(alice, "I come by GitHub")
    await expect(shown(bob, "I come by GitHub")).to_be_visible()
    await say(bob, "and I by Google")
    await expect(shown(alice, "and I by Google")).to_be_visible()

    said = bob.get_by_test_id("message").filter(has_text="I come by GitHub")
    await expect(said).to_contain_text("Alice Octo")
    picture = said.locator(".avatar img")
    await expect(picture).to_have_attribute("src", re.compile(r"^/avatars/\d+-[0-9a-f]{16}\.webp$"))
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    await keep(alice, "github-chatting")
    await keep(bob, "google-chatting")
    # No access token is kept.
    assert linked(site, "101") == [("github", "octo-alice", "{}")]
    assert linked(site, "102") == [("google-oauth2", "Bob.Gee", "{}")]


async def test_one_comes_by_wechat(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    provider.someone = Someone(subject="oXyZ-1", name="夏圭？")
    page = await person("alice", locale="zh-CN")
    await go(page, site, "wechat")
    await expect_chat(page)
    await say(page, "我从微信来")
    await expect(shown(page, "我从微信来")).to_be_visible()
    await keep(page, "wechat-chatting")
    assert linked(site, "oXyZ-1") == [("weixin", "夏圭", "{}")]


@pytest.mark.parametrize("way", WAYS)
async def test_who_comes_again_is_the_same_whatever_else_has_changed(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    first, second = await person("first"), await person("second")
    await go(first, site, way)
    await expect_chat(first)
    before = accounts(site)
    provider.someone = replace(
        provider.someone, login="other", name="Other", email="other@example.org", confirmed=False
    )
    await go(second, site, way)
    await expect_chat(second)
    assert accounts(site) == before


async def test_who_has_a_taken_name_is_asked_for_one(
    site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page, taken = await person("alice"), provider.someone.login
    await register(page, site, taken)
    await go(page, site, "github")
    await expect(page.locator("input[name=username]")).to_have_value("")
    await keep(page, "newcomer")
    await page.locator("input[name=username]").fill(taken.upper())
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_text("This name is taken.")).to_be_visible()
    await page.locator("input[name=username]").fill(f"{taken}-free")
    await page.get_by_role("button", name="Make the account").click()
    await expect_chat(page)
    assert linked(site, provider.someone.subject) == [("github", f"{taken}-free", "{}")]


async def test_a_page_of_this_site_is_gone_on_to(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page = await person("alice")
    await go(page, site, "github", start="/accounts/login/?next=/accounts/profile/")
    await expect(page.get_by_role("heading", name="Profile", exact=True)).to_be_visible()


async def test_somebody_links_and_unlinks(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page, elsewhere, subject = await person("alice"), await person("elsewhere"), provider.someone.subject
    await register(page, site, "linda")
    await sign_in_here(page, site, "linda")
    await page.goto(f"{site.url}/accounts/ways-in/")
    await page.get_by_test_id("link-google").get_by_role("link", name="Link").click()
    await keep(page, "link")
    await certain(page)
    await page.locator("#allow").click()
    await expect(page.get_by_test_id("link-google")).to_contain_text("Linked")
    await keep(page, "linked")
    assert linked(site, subject) == [("google-oauth2", "linda", "{}")]

    await go(elsewhere, site, "google")
    await expect_chat(elsewhere)
    await page.get_by_test_id("link-google").get_by_role("button", name="Unlink").click()
    await expect(page.get_by_test_id("link-google")).to_contain_text("Not linked")
    assert linked(site, subject) == []


async def test_the_only_way_in_stays(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page = await person("alice")
    await go(page, site, "github")
    await expect_chat(page)
    await page.goto(f"{site.url}/accounts/ways-in/")
    await page.get_by_test_id("link-github").get_by_role("button", name="Unlink").click()
    await expect_refusal(page, "This is your only way in.", "only-way")
    assert len(linked(site, provider.someone.subject)) == 1


async def test_without_keys_there_are_no_buttons(site_factory: SiteFactory, person: OpenPerson) -> None:
    with site_factory() as bare:
        page = await person("alice")
        await page.goto(f"{bare.url}/accounts/login/")
        await expect(page.get_by_test_id("way-github")).to_have_count(0)
        answer = await page.request.get(f"{bare.url}/accounts/oauth/github/done/")
        assert answer.status == 404


# -- what hostile people try ----------------------------------------------------------------------------------------


async def test_a_state_works_once(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page = await person("alice")
    backs: list[str] = []
    back = f"{site.url}/accounts/oauth/github/done/"
    page.on("request", lambda request: backs.append(request.url) if request.url.startswith(back) else None)
    await go(page, site, "github")
    await expect_chat(page)
    await page.context.clear_cookies()

    await page.goto(backs[0])
    await expect_refusal(page, "begun in another browser", "replayed-state")
    await expect_nobody(page, site)


@pytest.mark.parametrize("way", WAYS)
async def test_a_state_works_once_in_its_own_browser_too(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page = await person("alice")
    await page.goto(f"{site.url}/accounts/login/")
    await page.get_by_test_id(f"way-{way}").click()
    back = await page.locator("#allow").get_attribute("href")
    assert back
    provider.broken = "token"  # so that nobody is signed in by the first try, and the session stays
    await page.goto(back)
    await expect(page.get_by_test_id("refusal")).to_be_visible()
    provider.broken = ""
    await page.goto(back)
    await expect_refusal(page, "begun in another browser", f"replayed-{way}")
    await expect_nobody(page, site)


async def test_a_way_back_brings_nobody_in_elsewhere(
    site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    """Who makes somebody follow it would have them signed in as another."""
    mallory, alice = await person("mallory"), await person("alice")
    await mallory.goto(f"{site.url}/accounts/login/")
    await mallory.get_by_test_id("way-github").click()
    back = await mallory.locator("#allow").get_attribute("href")
    assert back
    before = accounts(site)
    await alice.goto(f"{site.url}/accounts/login/")
    await alice.goto(back)
    await expect_refusal(alice, "begun in another browser", "foreign-state")
    await expect_nobody(alice, site)
    assert accounts(site) == before


@pytest.mark.parametrize("way", WAYS)
async def test_without_a_state_nobody_comes_in(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page = await person("alice")
    await page.goto(f"{site.url}/accounts/oauth/{way}/done/?code=anything")
    await expect_refusal(page, "Nothing was changed", f"no-state-{way}")
    await expect_nobody(page, site)


@pytest.mark.parametrize("elsewhere", ["//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example"])
async def test_a_foreign_next_is_refused(
    site: Site, provider: IdentityProvider, person: OpenPerson, elsewhere: str
) -> None:
    page = await person("alice")
    await page.goto(f"{site.url}/accounts/login/")
    await page.evaluate(
        """([way, next]) => {
            const form = document.querySelector(`[data-testid=way-${way}]`).form;
            const field = Object.assign(document.createElement("input"), { type: "hidden", name: "next", value: next });
            form.append(field);
        }""",
        ["github", elsewhere],
    )
    await page.get_by_test_id("way-github").click()
    await expect_refusal(page, "was to lead to another site", "foreign-next")
    await expect_nobody(page, site)
    assert not [path for path in provider.asked if "authorize" in path]


@pytest.mark.parametrize("way", WITH_ADDRESSES)
async def test_an_unconfirmed_address_of_somebody_else_brings_nobody_in(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page, email = await person("mallory"), f"victim-{way}@example.org"
    await register(page, site, f"victim-{way}", email=email)
    before = accounts(site)
    provider.someone = replace(provider.someone, email=email, confirmed=False)
    await go(page, site, way)
    await expect_refusal(page, "has not confirmed", f"unconfirmed-{way}")
    await expect_nobody(page, site)
    assert accounts(site) == before and linked(site, provider.someone.subject) == []


@pytest.mark.parametrize("way", WITH_ADDRESSES)
async def test_a_confirmed_address_of_somebody_else_links_nothing(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    """An address here may never have been the account's own, so it says nothing about who comes."""
    page, email = await person("alice"), f"owner-{way}@example.org"
    await register(page, site, f"owner-{way}", email=email)
    provider.someone = replace(provider.someone, email=email.upper())
    await go(page, site, way)
    await expect(page.get_by_test_id("taken")).to_contain_text(email, ignore_case=True)
    await keep(page, f"address-taken-{way}")
    await page.get_by_role("button", name="Make the account").click()
    await expect_chat(page)
    assert [name for _, name, _ in linked(site, provider.someone.subject)] != [f"owner-{way}"]
    assert rows(site, "SELECT username FROM accounts_user WHERE lower(email) = ?", email) == [(f"owner-{way}",)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["token", "user"])
async def test_a_provider_that_fails_brings_nobody_in(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str, fault: str
) -> None:
    provider.broken = fault
    page = await person("alice")
    await go(page, site, way)
    await expect_refusal(page, "Try again in a while", f"broken-{fault}-{way}")
    await expect_nobody(page, site)


@pytest.mark.parametrize("way", WAYS)
async def test_who_says_no_is_told_that_nothing_has_changed(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    page = await person("alice")
    await go(page, site, way, "deny")
    await expect_refusal(page, "You did not allow it", f"denied-{way}")
    await expect_nobody(page, site)


async def test_a_link_is_made_for_nobody_but_who_began_it(
    site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    page = await person("alice")
    await register(page, site, "anna")
    await register(page, site, "bert")
    await sign_in_here(page, site, "anna")
    await page.goto(f"{site.url}/accounts/ways-in/")
    await page.get_by_test_id("link-github").get_by_role("link", name="Link").click()
    await certain(page)
    back = await page.locator("#allow").get_attribute("href")
    assert back
    await sign_in_here(page, site, "bert")
    await page.goto(back)
    await expect(page.get_by_test_id("refusal")).to_be_visible()
    assert linked(site, provider.someone.subject) == []


async def test_an_account_elsewhere_is_one_persons(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    alice, bob = await person("alice"), await person("bob")
    await register(bob, site, "benno")
    await go(alice, site, "github")
    await expect_chat(alice)
    await sign_in_here(bob, site, "benno")
    await bob.goto(f"{site.url}/accounts/ways-in/")
    await bob.get_by_test_id("link-github").get_by_role("link", name="Link").click()
    await certain(bob)
    await bob.locator("#allow").click()
    await expect_refusal(bob, "linked with another account here", "linked-already")
    assert [name for _, name, _ in linked(site, provider.someone.subject)] == [provider.someone.login]
