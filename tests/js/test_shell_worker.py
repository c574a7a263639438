"""Without a connection, the service worker opens the newest page that it could keep as a whole, with its files."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  const replace = (name, value) => Object.defineProperty(window, name, { value, configurable: true });
  replace("clients", { matchAll: async () => [] });
  replace("fetch", async () => { throw new TypeError("no connection"); });
  // Its files are absent from the server of this test.
  replace("imShell", { version: "v2", url: "/offline-shell/v2/", files: ["/static/absent.js"], base: "/static/" });
  await import("/static/js/service-worker/shell.js");
  const keep = async (version, address, text) => {
    await (await caches.open(`im-shell-${version}`)).put(address, new Response(text));
  };
  const happen = async (type, fields = {}) => {
    const waits = [];
    let answer = null;
    const event = Object.assign(new Event(type), fields, {
      respondWith: (given) => (answer = given), waitUntil: (wait) => waits.push(wait),
    });
    dispatchEvent(event);
    await Promise.all(waits);
    return answer && (await answer).text();
  };
  const open = () => happen("fetch", { request: { url: `${location.origin}/`, method: "GET", mode: "navigate" } });
  const load = (path) => happen("fetch", { request: new Request(path) });
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_the_last_page_is_opened_while_the_new_one_could_not_be_kept(modules: Page) -> None:
    script = """
      await keep("v1", "/offline-shell/v1/", "first");
      await happen("install");
      const before = [await open(), await caches.keys()];
      await keep("v2", "/offline-shell/v2/", "second");
      return [...before, await open()];"""
    assert await run(modules, script) == ["first", ["im-shell-v1"], "second"]


async def test_a_file_without_a_version_is_the_one_of_this_page(modules: Page) -> None:
    script = """
      await keep("v1", "/static/a.js", "old");
      await keep("v1", "/static/b.js", "only here");
      await keep("v2", "/static/a.js", "new");
      return [await load("/static/a.js"), await load("/static/b.js")];"""
    assert await run(modules, script) == ["new", "only here"]
