"""The forms of passkeys when the user has to sign in or to confirm first."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_OPEN_FORM = """async () => {
  document.body.innerHTML = `<div data-passkey-area hidden><form data-passkey="get" data-options="/o" data-answer="/a">
    <button>Use a passkey</button><p role="alert" hidden></p></form></div>`;
  window.fetch = async () => ({ ok: true, redirected: true, url: "/accounts/confirm/", headers: new Headers() });
  await import("/static/js/passkeys.js");
}"""


async def test_a_redirected_form_opens_its_page_anew(modules: Page) -> None:
    await modules.evaluate(_OPEN_FORM)
    async with modules.expect_navigation():
        await modules.get_by_role("button").click()
    assert await modules.evaluate("document.querySelector('form')") is None
