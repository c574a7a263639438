"""A guest whose page is older than a sign-in in another tab is told so, and gets in by pressing again."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_PRESS_TWICE = """async () => {
  const { signInAsGuest } = await import("/static/js/page/guest-sign-in.js");
  const form = document.createElement("form");
  const token = Object.assign(document.createElement("input"), { name: "csrfmiddlewaretoken", value: "old" });
  form.append(token);
  const sent = [];
  window.fetch = async (url, { body }) => {
    sent.push(body.get("csrfmiddlewaretoken"));
    const [status, reply] = sent.length === 1
      ? [403, { error: "Out of date.", reason: "form_refused", csrf: "new" }]
      : [201, { userId: "Mia", id: "7", csrf: "newest" }];
    return Response.json(reply, { status });
  };
  const press = () => signInAsGuest(form, { appId: 101, name: "Mia" });
  return [await press(), await press(), sent, token.value];
}"""


async def test_the_second_attempt_has_the_new_token(modules: Page) -> None:
    assert await modules.evaluate(_PRESS_TWICE) == ["Out of date.", None, ["old", "new"], "newest"]
