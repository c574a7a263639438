"""This browser's subscription to notifications: renewed once, known to all tabs, and gone with its user."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  const stored = new Map(), shown = [], calls = [];
  let subscription = null, answer = async () => {};
  const cache = {
    match: async (url) => stored.has(url) ? new Response(stored.get(url)) : undefined,
    put: async (url, response) => stored.set(url, await response.text()),
  };
  const made = {
    unsubscribe: async () => (subscription = null), toJSON: () => ({ endpoint: "https://push.example/1", keys: {} }),
  };
  const registration = {
    pushManager: { getSubscription: async () => subscription, subscribe: async () => (subscription = made) },
    getNotifications: async () => [...shown],
  };
  const serviceWorker = {
    register: async () => registration, ready: Promise.resolve(registration), getRegistration: async () => registration,
  };
  const replace = (object, name, value) => Object.defineProperty(object, name, { value, configurable: true });
  replace(window, "caches", { match: cache.match, open: async () => cache, delete: async () => stored.clear() });
  replace(navigator, "serviceWorker", serviceWorker);
  replace(window, "PushManager", class {});
  replace(window, "Notification", class { static permission = "granted"; });
  replace(window, "fetch", async (url, { method }) => {
    calls.push(method);
    await answer();
    return new Response('{"id": "17"}', { headers: { "Content-Type": "application/json" } });
  });
  const { WebPush } = await import("/static/js/page/web-push.js");
  const choices = { direct: true, mentions: true, threads: true, everything: false, showsText: true };
  let language = "en";
  const texts = () => ({ title: language });
  const open = () => new WebPush({ key: "k", csrfToken: () => "t", texts, icon: () => "" });
  const keep = () => {
    subscription = made;
    stored.set("/push-state", JSON.stringify({ userId: "1", id: "17", key: "k", choices, texts: {} }));
  };
  const until = async (condition) => { while (!condition()) await new Promise((done) => setTimeout(done, 10)); };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_page_renews_its_subscription_once_and_again_only_after_a_failure(modules: Page) -> None:
    script = """
      keep(); const page = open();
      answer = () => { throw new TypeError("no network"); };
      const failed = await page.load("1", true).catch(({ message }) => message);
      answer = async () => {};
      await Promise.all([page.load("1", true), page.load("1", true)]); await page.load("1", true);
      return [failed, calls, page.isOn];"""
    assert await run(modules, script) == ["not connected", ["PUT", "PUT"], True]


async def test_a_user_who_leaves_while_the_subscription_is_renewed_leaves_nothing(modules: Page) -> None:
    script = """
      keep(); const page = open();
      let arrive; answer = () => new Promise((done) => (arrive = done));
      const loading = page.load("1", true); await until(() => arrive);
      await page.forget(); arrive(); await loading;
      return [stored.size, subscription, page.isOn];"""
    assert await run(modules, script) == [0, None, False]


async def test_the_subscription_of_another_user_is_ended(modules: Page) -> None:
    script = (
        "keep(); const page = open(); await page.load('2', true); return [stored.size, subscription, page.isOn, calls];"
    )
    assert await run(modules, script) == [0, None, False, []]


async def test_all_tabs_know_whether_notifications_are_on(modules: Page) -> None:
    script = """
      const [first, second] = [open(), open()];
      await first.load("1", true); await second.load("1", true);
      await first.turnOn(choices, true); await until(() => second.isOn);
      await second.turnOff(); await until(() => !first.isOn);
      return stored.size;"""
    assert await run(modules, script) == 0


async def test_notifications_are_in_the_language_chosen_last(modules: Page) -> None:
    script = """
      keep(); const page = open(); await page.load("1", true);
      language = "zh"; await page.updateTexts();
      const state = JSON.parse(stored.get("/push-state"));
      return [state.texts.title, state.id];"""
    assert await run(modules, script) == ["zh", "17"]


async def test_only_notifications_of_messages_that_were_read_go_away(modules: Page) -> None:
    script = """
      const { isNotifiedRead } = await import("/static/js/state/notified-messages.js");
      keep(); const page = open(); await page.load("1", true);
      const show = (name, data) => shown.push({ name, data, close() { shown.splice(shown.indexOf(this), 1); } });
      show("read", { target: "7", seq: 5 });
      show("unread", { target: "7", seq: 6 });
      show("read answer", { target: "7", seq: 4, threadId: "3" });
      show("unread answer", { target: "7", seq: 5, threadId: "3" });
      show("answer of a thread that is not loaded", { target: "7", seq: 1, threadId: "9" });
      show("new channel", { target: "8", seq: 1 });
      show("test", {});
      const channels = new Map([["7", { readSeq: 5 }]]);
      const threads = { of: ({ id }) => (id === "3" ? { readSeq: 4 } : null) };
      await page.closeRead((message) => isNotifiedRead(message, { channels, threads }));
      return shown.map(({ name }) => name);"""
    left = ["unread", "unread answer", "answer of a thread that is not loaded", "new channel", "test"]
    assert await run(modules, script) == left
