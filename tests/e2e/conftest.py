"""Fixtures for a real Chromium: `alice = await person("alice")` opens a browser of her own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.e2e.contexts import ContextPool
from tests.support import machine
from tests.support.fixtures.sites import SiteFactory
from tests.support.identity_provider import KEYS, IdentityProvider, new_identity
from tests.support.ports import free_port
from tests.support.site import Site

_HERE = Path(__file__).resolve().parent
_RESULTS = _HERE.parent.parent / "test-results"
# A page reports on its console that its server was killed; that is no fault of the page.
_NETWORK_NOISE = re.compile(r"net::ERR_|WebSocket connection to|Failed to load resource: net::")
_failed = pytest.StashKey[bool]()

OpenPerson = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests on one event loop, because they share one Chromium, and only with SQLite."""
    for item in items:
        if item.path.is_relative_to(_HERE) and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.sqlite)
            if machine.chromium() is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is missing on this machine"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture(scope="session")
def site_port() -> int:
    """Return the port of all `site`s, one after the other. So a context of the browser keeps the files of the site."""
    return free_port()


@pytest.fixture
def site(site_factory: SiteFactory, site_port: int) -> Iterator[Site]:
    """Run a site for this test."""
    site = site_factory()
    site.port = site_port
    with site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contexts(browser: Browser) -> ContextPool:
    """Return the browser contexts of all tests of a worker."""
    return ContextPool(browser)


@pytest_asyncio.fixture(loop_scope="session")
async def person(contexts: ContextPool, request: pytest.FixtureRequest) -> AsyncIterator[OpenPerson]:
    """Open a browser with its own cookies and storage: `await person("alice", locale="zh-CN", width=390)`. It may have
    files of the site from earlier tests, except at a first visit: `await person("alice", is_first_visit=True)`.

    An uncaught error, a console error or a violated Content-Security-Policy in any of its pages fails the test. After
    a failure test-results/ has a screenshot of each.
    """
    lent: list[tuple[str, BrowserContext, dict[str, Any], Callable[[Page], None]]] = []
    faults: list[str] = []

    def watch(name: str, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            # A page that is itself a refusal (400, 403) reports it too.
            refusal = message.location.get("url", "").split("?")[0] == page.url.split("?")[0]
            if message.type == "error" and not _NETWORK_NOISE.search(message.text) and not refusal:
                faults.append(f"{name}: {message.text}")

        page.on("console", console)
        page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))

    async def open_person(
        name: str, *, width: int = 1280, height: int = 800, is_first_visit: bool = False, **options: Any
    ) -> Page:
        def watch_page(page: Page) -> None:
            watch(name, page)

        options = {"locale": "en-GB", **options}
        context = await contexts.take(is_first_visit=is_first_visit, **options)
        context.on("page", watch_page)
        lent.append((name, context, options, watch_page))
        page = await context.new_page()
        await page.set_viewport_size({"width": width, "height": height})
        return page

    yield open_person
    # The end of the pages is no part of the test.
    found = list(faults)
    for name, context, options, watch_page in lent:
        context.remove_listener("page", watch_page)
        if request.node.stash.get(_failed, False):
            _RESULTS.mkdir(exist_ok=True)
            test = re.sub(r"\W+", "_", request.node.name)
            for number, page in enumerate(context.pages):
                await page.screenshot(path=_RESULTS / f"{test}-{name}-{number}.png")
            await context.close()
        else:
            await contexts.give_back(context, **options)
    assert not found, "errors in the pages:\n" + "\n".join(found)


@pytest.fixture(scope="session")
def identity_provider() -> Iterator[IdentityProvider]:
    """Run GitHub, Google and WeChat in one process of the tests."""
    with IdentityProvider() as running:
        yield running


@pytest.fixture(scope="session")
def oauth_site(site_factory: SiteFactory, identity_provider: IdentityProvider) -> Iterator[Site]:
    """Run a site with keys for `identity_provider`; each test signs in as a new user."""
    port = str(identity_provider.port)
    options = {"DJANGO_SETTINGS_MODULE": "tests.support.oauth_settings", "TEST_IDENTITY_PROVIDER": port}
    with site_factory(**options, **KEYS) as running:
        yield running


@pytest.fixture
def provider(identity_provider: IdentityProvider) -> IdentityProvider:
    """Return the identity provider without faults, with a new user."""
    identity_provider.identity, identity_provider.failing_path, identity_provider.requested_paths = (
        new_identity(),
        "",
        [],
    )
    return identity_provider
