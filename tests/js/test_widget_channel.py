"""An embedded channel counts the answers of threads and knows the site's custom emoji."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  const { Emitter } = await import("/static/js/net/events.js");
  const { WidgetChannel } = await import("/static/js/widget/channel.js");
  const { customEmoji } = await import("/static/js/state/custom-emoji.js");
  const { RequestError } = await import("/static/js/net/protocol.js");
  const pushes = new Map();
  const root = { target: "5", id: "1", seq: 1, msg: ":shipped:", type: "text", fromId: "8", position: 10 };
  const replies = {
    "channel.get": { target: "5", lastSeq: 1, unread: 0 },
    "message.history": { messages: [root], notes: [], hasMore: false },
    "emoji.list": { emoji: [{ name: "shipped", url: "/custom-emoji/a1.webp", width: 20, height: 20 }] },
  };
  const socket = Object.assign(new Emitter(), {
    isReady: true, onPush: (cmd, handle) => pushes.set(cmd, handle), request: async (cmd) => replies[cmd],
  });
  const channel = new WidgetChannel(socket, "https://im.example", true);
  await channel.load({ target: "5", id: "7", name: "C", userId: "c-1" });
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_answers_in_a_thread_are_counted_once(modules: Page) -> None:
    script = """
      const counts = [];
      const push = (cmd, data) => {
        pushes.get(cmd)({ target: "5", threadId: "1", threadOnly: true, ...data });
        counts.push(channel.messages[0].thread?.count ?? 0);
      };
      const answer = (seq, more) => ({ ...root, id: String(seq), seq, position: 10 + seq, ...more });
      push("msg", answer(2, { threadCount: 1 }));
      push("msg", answer(2, { threadCount: 1 }));
      // The server tells the count of the user's own answer, sent elsewhere, to others only.
      push("msg", answer(3, { fromId: "7" }));
      push("message.recalled", { id: "2", seq: 2, threadCount: 1, position: 20 });
      return [counts, channel.messages.length, channel.messages[0].thread.lastSeq];"""
    assert await run(modules, script) == [[1, 1, 2, 1], 1, 3]


async def test_pictures_of_custom_emoji_come_from_the_site(modules: Page) -> None:
    assert await run(modules, "return customEmoji.get('shipped').url;") == "https://im.example/custom-emoji/a1.webp"


async def test_a_channel_is_shown_without_its_custom_emoji(modules: Page) -> None:
    script = """
      const { request } = socket;
      const refuse = () => { throw new RequestError(429, "too much", {}, "rate_limited"); };
      socket.request = async (cmd) => (cmd === "emoji.list" ? refuse() : request(cmd));
      const isLoaded = await channel.load({ target: "5", id: "7", name: "C", userId: "c-1" });
      return [isLoaded, channel.hasFailed, channel.messages.length];"""
    assert await run(modules, script) == [True, False, 1]
