"""New messages become notifications, many at once become one, and those that are read or recalled go away."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine
from tests.support.injections import INJECTIONS, TAGS

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_PRELUDE = """async (given) => {
  const shown = [];
  window.Notification = class {
    static permission = "granted";
    constructor(title, { body }) { Object.assign(this, { title, body }); shown.push(this); }
    close() { shown.splice(shown.indexOf(this), 1); this.onclose?.(); }
  };
  document.hasFocus = () => false;
  document.head.append(Object.assign(document.createElement("link"), { rel: "icon" }));
  const { Emitter } = await import("/static/js/net/events.js");
  const { Notifications } = await import("/static/js/widgets/notifications.js");
  const channel = { target: "7", kind: "private", name: "Bob", readSeq: 0 };
  const store = Object.assign(new Emitter(), { channels: new Map([["7", channel]]), me: { id: "1" } });
  const current = { level: "all", sound: true, showsText: true };
  const settings = { current, includes: ({ msg }) => msg !== "unwanted" };
  const opened = [];
  const webPush = { isOn: false };
  const notifications = new Notifications({
    store, threads: { of: () => null }, settings, webPush, open: (target, seq) => opened.push([target, seq]),
  });
  const message = (seq, more = {}) => ({
    target: "7", seq, id: String(seq), name: "Bob", type: "text", msg: `text ${seq}`, content: `text ${seq}`, ...more,
  });
  const receive = (...seqs) => seqs.forEach((seq) => store.emit("added", message(seq)));
  const until = async (condition) => { while (!condition()) await new Promise((done) => setTimeout(done, 10)); };
  const texts = () => shown.map(({ title, body }) => [title, body]);
  %s
}"""


async def run(modules: Page, script: str, given: Any = None) -> Any:
    return await modules.evaluate(_PRELUDE % script, given)


async def test_a_few_messages_are_shown_one_by_one_and_many_as_one(modules: Page) -> None:
    script = """receive(1, 2); await until(() => shown.length === 2); const few = texts();
        notifications.clear(); receive(3, 4, 5, 6); await until(() => shown.length); return [few, texts()];"""
    few, many = await run(modules, script)
    assert few == [["Bob", "text 1"], ["Bob", "text 2"]]
    assert many == [["4 new messages", ""]]


async def test_the_service_worker_notifies_in_place_of_the_page(modules: Page) -> None:
    script = """webPush.isOn = true; receive(1); webPush.isOn = false; receive(2);
        await until(() => shown.length); return texts();"""
    assert await run(modules, script) == [["Bob", "text 2"]]


async def test_only_wanted_messages_are_shown(modules: Page) -> None:
    script = """store.emit("added", message(1, { msg: "unwanted" })); receive(2);
        await until(() => shown.length); return texts();"""
    assert await run(modules, script) == [["Bob", "text 2"]]


async def test_own_messages_are_not_shown(modules: Page) -> None:
    script = """store.emit("added", message(1, { fromId: "1" })); receive(2);
        await until(() => shown.length); return texts();"""
    assert await run(modules, script) == [["Bob", "text 2"]]


async def test_the_first_message_of_a_new_channel_is_shown_when_the_page_knows_the_channel(modules: Page) -> None:
    script = """store.channels.delete("7"); receive(1);
        setTimeout(() => store.channels.set("7", channel), 800);
        await until(() => shown.length); return texts();"""
    assert await run(modules, script) == [["Bob", "text 1"]]


async def test_a_message_read_before_it_is_shown_is_left_out(modules: Page) -> None:
    script = """receive(1, 2); await Promise.resolve(); channel.readSeq = 1;
        await until(() => shown.length); return texts();"""
    assert await run(modules, script) == [["Bob", "text 2"]]


async def test_a_message_recalled_before_it_is_shown_is_left_out(modules: Page) -> None:
    script = """receive(1, 2); store.emit("recalled", { id: "1" });
        await until(() => shown.length); return texts();"""
    assert await run(modules, script) == [["Bob", "text 2"]]


async def test_read_and_recalled_messages_go_away(modules: Page) -> None:
    script = """receive(1, 2, 3); await until(() => shown.length === 3);
        channel.readSeq = 1; store.emit("channels"); await until(() => shown.length === 2);
        store.emit("recalled", { id: "2" }); return texts();"""
    assert await run(modules, script) == [["Bob", "text 3"]]


async def test_a_click_opens_the_message(modules: Page) -> None:
    script = """receive(4); await until(() => shown.length); shown[0].onclick(); return [opened, shown.length];"""
    assert await run(modules, script) == [[["7", 4]], 0]


async def test_planted_scripts_are_shown_as_text(modules: Page) -> None:
    script = """const found = [];
      for (const [index, text] of given.entries()) {
        store.emit("added", message(index + 1, { name: text, msg: text, content: text }));
        if (index % 3 < 2 && index < given.length - 1) continue;
        const count = found.length + (index % 3) + 1;
        await until(() => found.length + shown.length >= count);
        found.push(...texts()); notifications.clear();
      }
      return [found, document.querySelectorAll("[onerror], iframe").length, window.pwned ?? null];"""
    found, planted, ran = await run(modules, script, list(INJECTIONS))
    assert [title for title, _ in found] == list(INJECTIONS)
    assert {tag for tag in TAGS if "'" not in tag} <= {body for _, body in found}
    assert (planted, ran) == (0, None)
