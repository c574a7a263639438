"""The service worker shows what its user does not see on a page."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  const shown = [], work = [];
  let pages = [];
  const state = { userId: "1", id: "17", texts: { title: "imsite", hiddenText: "New message" }, icon: "", sound: true };
  const replace = (name, value) => Object.defineProperty(window, name, { value, configurable: true });
  replace("caches", { match: async () => new Response(JSON.stringify(state)) });
  replace("registration", { showNotification: async (title, options) => shown.push([title, options.data]) });
  replace("clients", {
    matchAll: async ({ includeUncontrolled }) => pages.filter(({ controlled }) => controlled || includeUncontrolled),
  });
  await import("/static/js/service-worker/push.js");
  const page = (path, more = {}) => ({ url: location.origin + path, focused: true, controlled: true, ...more });
  const push = async (more) => {
    const payload = { user: "1", subscription: "17", target: "7", seq: 3, name: "Bob", ...more };
    const event = Object.assign(new Event("push"), { data: { json: () => payload } });
    dispatchEvent(Object.assign(event, { waitUntil: (one) => work.push(one) }));
    await Promise.all(work);
  };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_page_that_is_looked_at_shows_its_messages_itself(modules: Page) -> None:
    script = """
      pages = [page("/")]; await push();
      // After a reload past the cache, the worker does not control the page.
      pages = [page("/", { controlled: false })]; await push();
      return shown.length;"""
    assert await run(modules, script) == 0


async def test_other_pages_do_not(modules: Page) -> None:
    script = """
      pages = [page("/", { focused: false })]; await push();
      pages = [page("/accounts/profile/")]; await push();
      pages = [page("/?appId=101")]; await push({ appId: 102 });
      return shown.length;"""
    assert await run(modules, script) == 3


async def test_a_notification_knows_the_message_and_its_thread(modules: Page) -> None:
    script = "await push({ threadId: '2', text: 'hello' }); return JSON.parse(JSON.stringify(shown));"
    assert await run(modules, script) == [["Bob", {"target": "7", "seq": 3, "threadId": "2"}]]
