"""The reference in a browser violates no Content-Security-Policy and is no wider than a phone."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import OpenPerson
from tests.support.shared_site import SharedSite

PHONE = 390


async def test_the_viewer_shows_every_call_with_files_of_the_site_only(
    person: OpenPerson, shared_site: SharedSite
) -> None:
    page = await person("alice")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{shared_site.site.url}/api/docs/")
    await page.locator(".opblock-summary-path", has_text="/api/v1/messages/bulk/").wait_for()
    await page.get_by_text("Send many messages").click()
    await page.locator(".opblock-body").first.wait_for()
    assert [url for url in asked if not url.startswith((shared_site.site.url, "data:"))] == []


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
async def test_the_protocol_page_fits_a_phone(person: OpenPerson, shared_site: SharedSite, locale: str) -> None:
    page = await person("alice", width=PHONE, locale=locale)
    await page.goto(f"{shared_site.site.url}/api/protocol/")
    await page.locator("summary").first.click()
    await page.locator("nav summary", has_text="message.*").click()
    await page.locator("nav a[href='#message.send']").click()
    await page.locator("[id='message.send'] h3").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE
