"""Fixtures for the page's modules in a real Chromium, without a site.

`await modules.evaluate("async () => …")` may import them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.support.module_server import running_module_server

_FORGET = """async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
}"""


@pytest.fixture(scope="session")
def module_server() -> Iterator[str]:
    """Serve the modules; return the server's URL."""
    with running_module_server() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def module_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Return a browser context for all tests of a file. It loads and compiles each module once."""
    context = await browser.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def module_page(module_context: BrowserContext) -> Page:
    """Return the page in which all tests of a file load their own document."""
    return await module_context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def modules(module_page: Page, module_server: str) -> Page:
    """Return an empty document that serves the site's `/static/`, with new storage."""
    await module_page.goto(module_server)
    await module_page.evaluate(_FORGET)
    return module_page


@pytest_asyncio.fixture(loop_scope="session")
async def clock_modules(browser: Browser, module_server: str) -> AsyncIterator[Page]:
    """Return a page like `modules` whose clock the test may change, which holds for its whole browser context."""
    context = await browser.new_context()
    yield await _empty_page(context, module_server)
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pure_modules(module_context: BrowserContext, module_server: str) -> Page:
    """Return a page like `modules` for all tests of a file. For functions that keep nothing, in the page or outside."""
    return await _empty_page(module_context, module_server)


async def _empty_page(context: BrowserContext, server: str) -> Page:
    page = await context.new_page()
    await page.goto(server)
    return page
