"""People come by GitHub, Google and WeChat: the real flow, in a browser, against an identity provider of the tests.

Screenshots of how each ends are kept in test-results/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import say, shown
from tests.support.accounts import PASSWORD, register
from tests.support.fixtures import SiteFactory
from tests.support.identity_provider import KEYS, IdentityProvider, Someone
from tests.support.site import Site

RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
WAYS = ["github", "google", "wechat"]
WITH_ADDRESSES = ["github", "google"]
_COUNT = "from accounts.models import User; print(User.objects.count())"
_LINKED = """
import json
from social_django.models import UserSocialAuth
links = UserSocialAuth.objects.order_by("pk")
print(json.dumps([[link.provider, link.uid, link.user.username, link.extra_data] for link in links]))
"""


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        yield running


@pytest.fixture
def site(site_factory: SiteFactory, provider: IdentityProvider) -> Iterator[Site]:
    options = {"DJANGO_SETTINGS_MODULE": "tests.support.oauth_settings", "TEST_IDENTITY_PROVIDER": str(provider.port)}
    with site_factory(**options, **KEYS) as running:
        yield running


def linked(site: Site) -> list[list[object]]:
    """Provider, subject, user name and what else is kept of every link."""
    output = site.manage("shell", "--no-imports", "-c", _LINKED)
    links: list[list[object]] = json.loads(output.strip().splitlines()[-1])
    return links


def accounts(site: Site) -> int:
    return int(site.manage("shell", "--no-imports", "-c", _COUNT).strip().splitlines()[-1])


async def keep(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    await page.screenshot(path=RESULTS / f"oauth-{name}.png")


async def go(page: Page, site: Site, way: str, answer: str = "allow", start: str = "/accounts/login/") -> None:
    """From the sign-in page to the provider, and back with yes or no."""
    await page.goto(site.url + start)
    await page.get_by_test_id(f"way-{way}").click()
    await page.locator(f"#{answer}").click()


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
    provider.someone = Someone(subject="1", login="octo-alice", name="Alice Octo", email="alice@example.org")
    await go(alice, site, "github")
    await expect_chat(alice)
    provider.someone = Someone(subject="2", name="Bob Gee", email="bob@example.org")
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
    assert linked(site) == [["github", "1", "octo-alice", {}], ["google-oauth2", "2", "Bob.Gee", {}]]


async def test_one_comes_by_wechat(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    provider.someone = Someone(subject="oXyZ-1", name="夏圭？")
    page = await person("alice", locale="zh-CN")
    await go(page, site, "wechat")
    await expect_chat(page)
    await say(page, "我从微信来")
    await expect(shown(page, "我从微信来")).to_be_visible()
    await keep(page, "wechat-chatting")
    assert linked(site) == [["weixin", "oXyZ-1", "夏圭", {}]]


@pytest.mark.parametrize("way", WAYS)
async def test_who_comes_again_is_the_same_whatever_else_has_changed(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    first, second = await person("first"), await person("second")
    await go(first, site, way)
    await expect_chat(first)
    before = accounts(site)
    provider.someone = Someone(login="other-login", name="Other Name", email="other@example.org", confirmed=False)
    await go(second, site, way)
    await expect_chat(second)
    assert accounts(site) == before


async def test_who_has_a_taken_name_is_asked_for_one(
    site: Site, provider: IdentityProvider, person: OpenPerson
) -> None:
    register(site, ["octo-alice"])
    page = await person("alice")
    await go(page, site, "github")
    await expect(page.locator("input[name=username]")).to_have_value("")
    await keep(page, "newcomer")
    await page.locator("input[name=username]").fill("Octo-Alice")
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_text("This name is taken.")).to_be_visible()
    await page.locator("input[name=username]").fill("alice-2")
    await page.get_by_role("button", name="Make the account").click()
    await expect_chat(page)
    assert linked(site) == [["github", "4711", "alice-2", {}]]


async def test_a_page_of_this_site_is_gone_on_to(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page = await person("alice")
    await go(page, site, "github", start="/accounts/login/?next=/accounts/profile/")
    await expect(page.get_by_role("heading", name="Profile", exact=True)).to_be_visible()


async def test_somebody_links_and_unlinks(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    register(site, ["alice"])
    page, elsewhere = await person("alice"), await person("elsewhere")
    await sign_in_here(page, site, "alice")
    await page.goto(f"{site.url}/accounts/ways-in/")
    await page.get_by_test_id("link-google").get_by_role("button").click()
    await page.locator("#allow").click()
    await expect(page.get_by_test_id("link-google")).to_contain_text("Linked")
    await keep(page, "linked")
    assert linked(site) == [["google-oauth2", "4711", "alice", {}]]

    await go(elsewhere, site, "google")
    await expect_chat(elsewhere)
    await page.get_by_test_id("link-google").get_by_role("button", name="Unlink").click()
    await expect(page.get_by_test_id("link-google")).to_contain_text("Not linked")
    assert linked(site) == []


async def test_the_only_way_in_stays(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    page = await person("alice")
    await go(page, site, "github")
    await expect_chat(page)
    await page.goto(f"{site.url}/accounts/ways-in/")
    await page.get_by_test_id("link-github").get_by_role("button", name="Unlink").click()
    await expect_refusal(page, "This is your only way in.", "only-way")
    assert len(linked(site)) == 1


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
    page.on("request", lambda request: backs.append(request.url) if "/done/" in request.url else None)
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
    register(site, ["victim"])
    site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from accounts.models import User; User.objects.filter(username='victim').update(email='victim@example.org')",
    )
    before = accounts(site)
    provider.someone = Someone(email="victim@example.org", confirmed=False)
    page = await person("mallory")
    await go(page, site, way)
    await expect_refusal(page, "has not confirmed", f"unconfirmed-{way}")
    await expect_nobody(page, site)
    assert accounts(site) == before and linked(site) == []


@pytest.mark.parametrize("way", WITH_ADDRESSES)
async def test_a_confirmed_address_of_somebody_else_links_nothing(
    site: Site, provider: IdentityProvider, person: OpenPerson, way: str
) -> None:
    """An address here may never have been the account's own, so it says nothing about who comes."""
    register(site, ["victim"])
    site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from accounts.models import User; User.objects.filter(username='victim').update(email='victim@example.org')",
    )
    provider.someone = Someone(email="Victim@example.org")
    page = await person("alice")
    await go(page, site, way)
    await expect(page.get_by_test_id("taken")).to_contain_text("victim@example.org", ignore_case=True)
    await keep(page, f"address-taken-{way}")
    await page.get_by_role("button", name="Make the account").click()
    await expect_chat(page)
    assert "victim" not in [name for _, _, name, _ in linked(site)]


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
    register(site, ["alice", "bob"])
    page = await person("alice")
    await sign_in_here(page, site, "alice")
    await page.goto(f"{site.url}/accounts/ways-in/")
    await page.get_by_test_id("link-github").get_by_role("button").click()
    back = await page.locator("#allow").get_attribute("href")
    assert back
    await sign_in_here(page, site, "bob")
    await page.goto(back)
    await expect(page.get_by_test_id("refusal")).to_be_visible()
    assert linked(site) == []


async def test_an_account_elsewhere_is_one_persons(site: Site, provider: IdentityProvider, person: OpenPerson) -> None:
    register(site, ["bob"])
    alice, bob = await person("alice"), await person("bob")
    await go(alice, site, "github")
    await expect_chat(alice)
    await sign_in_here(bob, site, "bob")
    await bob.goto(f"{site.url}/accounts/ways-in/")
    await bob.get_by_test_id("link-github").get_by_role("button").click()
    await bob.locator("#allow").click()
    await expect_refusal(bob, "linked with another account here", "linked-already")
    assert [name for _, _, name, _ in linked(site)] == ["octo-alice"]
