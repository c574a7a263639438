"""Fixtures for the page's modules in a real Chromium, without a site.

`await modules.evaluate("async () => …")` may import them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from django.conf import settings
from playwright.async_api import Browser, BrowserContext, Page, Route

from tests.e2e.conftest import browser

__all__ = ["browser"]

HOST = "http://modules.test"
_STATIC = Path(settings.BASE_DIR) / "static"


@pytest_asyncio.fixture(loop_scope="session")
async def modules(browser: Browser) -> AsyncIterator[Page]:
    """Return an empty page that serves the site's `/static/`, with new storage."""
    context = await browser.new_context()
    yield await _empty_page(context)
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pure_modules(browser: Browser) -> AsyncIterator[Page]:
    """Return a page like `modules` for all tests of a file. For functions that keep nothing, in the page or outside."""
    context = await browser.new_context()
    yield await _empty_page(context)
    await context.close()


async def _empty_page(context: BrowserContext) -> Page:
    async def serve(route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        if path == "/":
            await route.fulfill(content_type="text/html", body="<!doctype html><html lang=en><body></body></html>")
        else:
            await route.fulfill(path=_STATIC / path.removeprefix("/static/"), content_type="text/javascript")

    page = await context.new_page()
    await page.route(f"{HOST}/**", serve)
    await page.goto(f"{HOST}/")
    return page
