"""The first load of the chat page requests all its files at once, each of them once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.e2e.conftest import OpenPerson
from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site

_HINTS = re.compile(r'<link rel="modulepreload" href="([^"]+)">')
_PRODUCTION = {"IM_ENV": "production", "SECRET_KEY": "of a test", "ALLOWED_HOSTS": "127.0.0.1", "IM_GUESTS": "1"}


@pytest.fixture(scope="module")
def production(site_factory: SiteFactory) -> Iterator[Site]:
    with site_factory(**_PRODUCTION) as running:
        yield running


async def open_page(page: Page, site: Site, *, hints: bool = True) -> tuple[list[str], list[str]]:
    """Open the welcome page with or without preload hints and return the hints and the fetched scripts."""
    told: list[str] = []
    fetched: list[str] = []

    async def pass_on(route: Route) -> None:
        response = await route.fetch()
        text = await response.text()
        told.extend(_HINTS.findall(text))
        await route.fulfill(response=response, body=text if hints else _HINTS.sub("", text))

    def note(request: Request) -> None:
        if request.url.split("?")[0].endswith(".js"):
            fetched.append(urlsplit(request.url).path)

    page.on("request", note)
    await page.route(f"{site.url}/", pass_on)
    await page.goto(site.url)
    await expect(page.get_by_test_id("guest-name")).not_to_have_value("")
    await page.wait_for_load_state("networkidle")
    return told, fetched


@pytest.mark.parametrize("start", ["site", "production"])
async def test_the_page_preloads_exactly_the_modules_it_needs(
    person: OpenPerson, start: str, request: pytest.FixtureRequest
) -> None:
    site: Site = request.getfixturevalue(start)
    alice, bob = await person("alice"), await person("bob")

    told, with_hints = await open_page(alice, site)
    _, by_itself = await open_page(bob, site, hints=False)

    entry = next(path for path in by_itself if path.endswith("/main.js"))
    plain = {path for path in by_itself if path.endswith(("/js/theme.js", "/js/browser-check.js"))}
    assert {*told, entry, *plain} == set(by_itself) and len(plain) == 2
    assert sorted(with_hints) == sorted(by_itself), "something is fetched twice, or under two addresses"
    assert len(set(with_hints)) == len(with_hints)


async def test_a_page_below_a_path_says_why_it_stays_white(site: Site, person: OpenPerson) -> None:
    alice = await person("alice")
    notice = alice.get_by_text("imsite works only at the root of a host name")
    await alice.goto(site.url)
    await expect(alice.get_by_test_id("guest-name")).not_to_have_value("")
    await expect(notice).to_be_hidden()

    async def serve_below_path(route: Route) -> None:
        """Answer like a proxy with the site at /im/ and nothing at the root."""
        path = urlsplit(route.request.url).path
        if path.startswith("/im/"):
            await route.fulfill(response=await route.fetch(url=site.url + path.removeprefix("/im")))
        else:
            await route.abort()

    await alice.route("**/*", serve_below_path)
    await alice.goto(f"{site.url}/im/")
    await expect(notice).to_be_visible()
