"""Pictures of the pages in test-results/, for people to look at.

They are taken only with `SCREENSHOTS=1`, because painting and compressing them takes a quarter of Chromium's CPU time.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page

RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
_WANTED = os.environ.get("SCREENSHOTS") == "1"


async def screenshot(page: Page, name: str, *, full_page: bool = False) -> None:
    """Save a picture as `test-results/<name>.png` if pictures are wanted."""
    if _WANTED:
        await page.screenshot(path=RESULTS / f"{name}.png", full_page=full_page)
