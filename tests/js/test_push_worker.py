"""The service worker shows what its user does not see on a page."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark
from tests.support.injections import INJECTIONS

_PRELUDE = """async (given) => {
  const shown = [], work = [], opened = [];
  let pages = [];
  const state = { userId: "1", id: "17", texts: { title: "imsite", hiddenText: "New message" }, icon: "", sound: true };
  const replace = (name, value) => Object.defineProperty(window, name, { value, configurable: true });
  replace("caches", { match: async () => new Response(JSON.stringify(state)) });
  replace("registration", { showNotification: async (title, options) => shown.push([title, options.data]) });
  replace("clients", {
    openWindow: (url) => opened.push(url),
    matchAll: async ({ includeUncontrolled }) => pages.filter(({ controlled }) => controlled || includeUncontrolled),
  });
  await import("/static/js/service-worker/push.js");
  const page = (path, more = {}) => ({ url: location.origin + path, focused: true, controlled: true, ...more });
  const dispatch = async (name, values) => {
    dispatchEvent(Object.assign(new Event(name), values, { waitUntil: (one) => work.push(one) }));
    await Promise.all(work);
  };
  const push = async (more) => {
    const payload = { user: "1", subscription: "17", target: "7", seq: 3, name: "Bob", ...more };
    await dispatch("push", { data: { json: () => payload } });
  };
  %s
}"""


async def run(modules: Page, script: str, given: Any = None) -> Any:
    return await modules.evaluate(_PRELUDE % script, given)


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


async def test_planted_scripts_are_shown_as_text_and_lead_nowhere_else(modules: Page) -> None:
    script = """
      for (const text of given) await push({ name: text, channel: text, text });
      const titles = shown.map(([title]) => title);
      for (const text of given) {
        const data = { target: text, seq: 1, appId: text };
        await dispatch("notificationclick", { notification: { close: () => {}, data } });
      }
      const places = opened.map((url) => new URL(url, "https://im.example"));
      const isOwn = ({ origin, pathname }) => origin === "https://im.example" && pathname === "/";
      return [titles, places.every(isOwn), places.length, window.pwned ?? null];"""
    # The site's own text names the sender and the channel.
    titles, are_own, count, ran = await run(modules, f"state.texts.from = '{{name}}'; {script}", list(INJECTIONS))
    assert titles == list(INJECTIONS)
    assert (are_own, count, ran) == (True, len(INJECTIONS), None)
