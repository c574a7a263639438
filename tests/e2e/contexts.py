"""Browser contexts that tests use one after the other: each keeps the files of the site and their compiled code."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from playwright.async_api import Browser, BrowserContext

from tests.support.fixtures.browser import BROWSER_TIMEOUT_MS

# The headless shell denies what a browser allows after a click.
_PERMISSIONS = ["clipboard-write"]


class ContextPool:
    """Lends contexts, each to one user of one test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._unused: dict[str, list[BrowserContext]] = defaultdict(list)

    async def take(self, *, is_first_visit: bool = False, **options: Any) -> BrowserContext:
        """Return a context with these options and without cookies and stored data; for a first visit without files."""
        unused = self._unused[_key(options)]
        if unused and not is_first_visit:
            return unused.pop()
        context = await self._browser.new_context(permissions=_PERMISSIONS, **options)
        context.set_default_timeout(BROWSER_TIMEOUT_MS)
        return context

    async def give_back(self, context: BrowserContext, **options: Any) -> None:
        """Close the pages of a context and delete their cookies and stored data, for the next test."""
        # Scripts of the open pages might store more, or load a page again.
        pages = list(context.pages)
        await context.set_offline(False)
        await context.unroute_all()
        first = await context.new_page()
        for page in pages:
            await page.close()
        if await first.evaluate("'__pwClock' in window"):
            # A clock of the test stays installed.
            await context.close()
            return
        session = await context.new_cdp_session(first)
        await session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
        await first.close()
        await context.clear_cookies()
        self._unused[_key(options)].append(context)


def _key(options: dict[str, Any]) -> str:
    return repr(sorted(options.items()))
