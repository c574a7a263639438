"""The first load of the chat page takes few requests and fetches nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Route, expect

from tests.e2e.conftest import OpenPerson
from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site

_MAX_REQUESTS = 15
_PRODUCTION = {"IM_ENV": "production", "SECRET_KEY": "of a test", "ALLOWED_HOSTS": "127.0.0.1", "IM_GUESTS": "1"}


@pytest.fixture(scope="module")
def production(site_factory: SiteFactory) -> Iterator[Site]:
    with site_factory(**_PRODUCTION) as running:
        yield running


@pytest.mark.parametrize("start", ["site", "production"])
async def test_a_first_visit_takes_few_requests(person: OpenPerson, start: str, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(start)
    alice = await person("alice", is_first_visit=True)
    fetched: list[str] = []
    alice.on("request", lambda request: fetched.append(urlsplit(request.url).path))
    alice.on("websocket", lambda socket: fetched.append(urlsplit(socket.url).path))

    await alice.goto(site.url)
    await alice.get_by_test_id("guest-enter").click()
    await expect(alice.get_by_test_id("composer")).to_be_editable()
    await alice.wait_for_load_state("networkidle")

    files = [path for path in fetched if path.startswith("/static/")]
    assert len(fetched) <= _MAX_REQUESTS, fetched
    assert len(set(files)) == len(files), "a file is fetched twice, or under two addresses"
    assert sorted(path.rpartition("/")[2] for path in files if path.endswith((".js", ".css"))) == [
        "browser-check.js",
        "chat-page.bundle.css",
        "main.bundle.js",
        "theme.js",
    ]


async def test_the_page_works_with_single_files(person: OpenPerson, site_factory: SiteFactory) -> None:
    alice = await person("alice")
    with site_factory(IM_STATIC_BUNDLES="0") as site:
        await alice.goto(site.url)
        await alice.get_by_test_id("guest-enter").click()
        await expect(alice.get_by_test_id("composer")).to_be_editable()
        await expect(alice.get_by_test_id("channel-item").first).to_have_css("min-height", "48px")
        await alice.goto("about:blank")


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
