"""Waits for conditions in a page that Playwright's assertions do not have."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from playwright.async_api import Error, Locator, Page, expect

_TIMEOUT_SECONDS = 60.0
_PAUSE_SECONDS = 0.2
_CLICK_TIMEOUT_MS = 10_000


async def until(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until the JavaScript function returns true for the argument."""
    # A page that is not looked at has no animation frames to poll by.
    await page.wait_for_function(condition, arg=argument, polling=50)


async def scroll_constantly(page: Page, selector: str) -> None:
    """Let the element report that it is scrolled, also between the arrival of messages and their rendering."""
    event = 'new Event("scroll")'
    await page.evaluate(
        f"(selector) => setInterval(() => document.querySelector(selector).dispatchEvent({event}))", selector
    )


async def resize(page: Page, width: int, height: int) -> None:
    """Give the page this size and wait until it knows."""
    await page.set_viewport_size({"width": width, "height": height})
    await until(page, "(size) => innerWidth === size[0] && innerHeight === size[1]", [width, height])


async def expect_natural_width(image: Locator, width: int) -> None:
    """Wait until the picture is loaded, with this width."""
    await expect(image).to_have_js_property("naturalWidth", width)


async def reload_until(page: Page, part: Locator) -> None:
    """Reload the page until it has the part, which the site stores in the background."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while not await part.count():
            await asyncio.sleep(_PAUSE_SECONDS)
            await page.reload()


async def search_until_found(field: Locator, results: Locator) -> None:
    """Repeat the search of the field until it has results: nothing tells a page that a message is in the index."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while not await results.count():
            await field.press("Enter")
            await asyncio.sleep(_PAUSE_SECONDS)


async def use_toolbar(message: Locator, name: str) -> None:
    """Move the pointer to a message, or to a part of it, and click the button of its toolbar.

    Moves the pointer there again if the message was not sent yet, or has moved from under the pointer.
    """
    row = message.locator("xpath=ancestor-or-self::*[@data-testid='message']")
    button = row.get_by_test_id(name)
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while True:
            await message.hover()
            with contextlib.suppress(Error):
                await button.click(timeout=_CLICK_TIMEOUT_MS)
                return
            await message.page.mouse.move(0, 0)
