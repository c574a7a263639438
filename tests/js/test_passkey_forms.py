"""Forms with passkeys tell users why they cannot be used, and can be tried again."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  document.body.innerHTML = `
    <div data-passkey-area hidden>
      <form data-passkey="get" data-options="/o" data-answer="/a" data-failed="failed" data-unavailable="unavailable">
        <input name="csrfmiddlewaretoken" value="old"><button>Use</button><p role="alert" hidden></p>
      </form>
    </div>
    <p data-passkeys-missing hidden></p>`;
  const [form, error, area, note] = ["form", "[role=alert]", "[data-passkey-area]", "[data-passkeys-missing]"]
    .map((selector) => document.querySelector(selector));
  const until = async (condition) => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5)); };
  const reply = (status, body) => (window.fetch = async () => Response.json(body, { status }));
  %s
}"""
_SUBMIT = """await import("/static/js/passkeys.js"); form.requestSubmit();"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_the_next_attempt_uses_the_token_of_a_refusal(modules: Page) -> None:
    script = f"""
      reply(403, {{ error: "out of date", csrf: "new" }});
      {_SUBMIT} await until(() => !error.hidden);
      return [error.textContent, form.elements[0].value, form.elements[1].disabled];"""
    assert await run(modules, script) == ["out of date", "new", False]


async def test_an_address_without_passkeys_is_explained(modules: Page) -> None:
    script = f"""
      reply(200, {{ publicKey: {{ challenge: "AAAA" }} }});
      navigator.credentials.get = async () => {{ throw new DOMException("", "SecurityError"); }};
      {_SUBMIT} await until(() => !error.hidden); return [error.textContent, area.hidden, note.hidden];"""
    assert await run(modules, script) == ["unavailable", False, True]


async def test_a_browser_without_passkeys_shows_a_note_in_place_of_the_form(modules: Page) -> None:
    script = """
      Object.defineProperty(window, "PublicKeyCredential", { value: undefined });
      await import("/static/js/passkeys.js"); return [area.hidden, note.hidden];"""
    assert await run(modules, script) == [True, False]
