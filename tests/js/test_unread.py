"""The page counts unread messages as the server does: recalled and expired ones are left out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_PRELUDE = """async () => {
  const { Emitter } = await import("/static/js/net/events.js");
  const { Conversation } = await import("/static/js/net/conversation.js");
  const { PushHandlers } = await import("/static/js/net/push-handlers.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const store = new Store();
  const requests = [], handlers = {}, replies = {};
  const socket = {
    isReady: true,
    onPush: (kind, handle) => (handlers[kind] = handle),
    request: async (cmd, data) => {
      requests.push(cmd);
      return replies[cmd]?.(data) ?? {};
    },
  };
  const push = (kind, data) => handlers[kind]({ target: "7", ...data });
  const gapFiller = { check: () => {} };
  new PushHandlers({ socket, store, gapFiller, memberLoader: {} });
  const conversation = new Conversation({ socket, store, gapFiller, outbox: new Emitter(), session: new Emitter() });
  const channel = (lastSeq, readSeq, unread) => ({
    target: "7", kind: "public", name: "", lastSeq, readSeq, unread, activeAt: 0, mentions: 0,
  });
  const message = (seq, more = {}) => ({
    target: "7", seq, id: String(seq), fromId: "2", msg: "x", time: seq, ...more,
  });
  const page = (from, to, recalled = []) => ({
    messages: Array.from({ length: to - from + 1 }, (_, i) => from + i).map((seq) => (
      message(seq, { recalled: recalled.includes(seq) })
    )),
    hasMore: from > 1,
  });
  const state = () => ["lastSeq", "readSeq", "unread"].map((field) => store.channels.get("7")[field]);
  const until = async (condition) => { while (!condition()) await new Promise((done) => setTimeout(done, 10)); };
  store.setMe({ id: "1", userId: "alice", name: "Alice" }, { appId: 101, name: "Web", target: "1" });
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_an_answer_that_only_its_thread_shows_is_not_unread(modules: Page) -> None:
    states = await run(
        modules,
        """
        store.setChannels([channel(4, 4, 0)]);
        const states = [];
        for (const more of [{ threadOnly: true }, {}, { threadOnly: true, fromId: "1" }, { threadId: "1" }]) {
          push("msg", message(5 + states.length, { ...more, position: 5 + states.length }));
          states.push(state());
        }
        push("message.recalled", { id: "5", seq: 5 });
        return [...states, state()];
    """,
    )
    assert states == [[5, 4, 0], [6, 4, 1], [7, 4, 1], [8, 4, 2], [8, 4, 2]]


async def test_a_recalled_message_is_not_unread(modules: Page) -> None:
    script = """
      store.setChannels([channel(5, 2, 3)]);
      push("message.recalled", { id: "4", seq: 4 }); const recalled = state();
      push("message.recalled", { id: "4", seq: 4 }); push("message.recalled", { id: "1", seq: 1 });
      const repeated = state();
      push("msg", message(6)); push("msg", message(7, { recalled: true }));
      push("message.recalled", { id: "7", seq: 7 });
      return [recalled, repeated, state()];"""
    assert await run(modules, script) == [[5, 2, 2], [5, 2, 2], [7, 2, 3]]


async def test_reading_on_counts_what_is_left(modules: Page) -> None:
    script = """
      store.setChannels([channel(5, 0, 3)]);
      store.openLog("7").setNewest(page(1, 5, [2, 4]));
      return [1, 2, 3, 4, 5].map((seq) => { store.setRead("7", seq); return state()[2]; });"""
    assert await run(modules, script) == [2, 2, 1, 1, 0]


async def test_the_list_of_the_server_is_merged_with_what_was_pushed_since(modules: Page) -> None:
    script = """
      store.setChannels([channel(5, 0, 4)]);
      push("msg", message(6)); push("msg", message(7)); push("message.recalled", { id: "6", seq: 6 });
      store.putChannel(channel(5, 0, 4)); const older = state();
      store.setRead("7", 7); store.putChannel(channel(8, 0, 6)); const read = state();
      store.putChannel(channel(9, 9, 0));
      return [older, read, state()];"""
    assert await run(modules, script) == [[7, 0, 5], [8, 7, 1], [9, 9, 0]]


async def test_a_count_that_only_the_server_knows_is_requested(modules: Page) -> None:
    """Of five messages, one was recalled before the page was loaded; another device then reads three."""
    script = """
      store.setChannels([channel(5, 0, 4)]);
      replies["channel.get"] = () => channel(5, 3, 2);
      push("read.mark", { readSeq: 3 });
      await until(() => state()[2] === 2);
      push("read.mark", { readSeq: 4 });
      return [requests, state()];"""
    assert await run(modules, script) == [["channel.get"], [5, 4, 1]]


async def test_an_answer_made_before_a_recall_is_replaced(modules: Page) -> None:
    script = """
      let answer;
      replies["channel.get"] = () => requests.length > 1 ? channel(5, 0, 4) : new Promise((done) => (answer = done));
      store.setChannels([channel(5, 0, 5)]);
      push("join.requested", {});
      await until(() => answer);
      push("message.recalled", { id: "4", seq: 4 });
      answer(channel(5, 0, 5));
      await until(() => requests.length === 2 && state()[2] === 4);
      return requests;"""
    assert await run(modules, script) == ["channel.get", "channel.get"]


async def test_expired_messages_leave_the_page_and_its_badge(modules: Page) -> None:
    script = """
      store.setChannels([channel(5, 2, 3)]);
      store.openLog("7").setNewest({ ...page(2, 5), hasMore: true });
      store.quotedMessages.set("3", message(3)); store.quotedMessages.set("5", message(5));
      push("message.expired", { seq: 4 }); const some = state();
      const log = store.logs.get("7");
      const left = [log.messages.map(({ seq }) => seq), log.hasOlder, [...store.quotedMessages.values()].map(Boolean)];
      push("message.expired", { seq: 5 });
      return [some, left, state(), log.messages.length, requests];"""
    assert await run(modules, script) == [[5, 4, 1], [[5], False, [False, True]], [5, 5, 0], 0, []]


async def test_a_reader_of_expired_messages_gets_the_newest(modules: Page) -> None:
    script = """
      store.setChannels([channel(90, 90, 0)]);
      store.setCurrent("7");
      store.openLog("7").setMiddle({ ...page(10, 20), hasMore: true });
      replies["message.history"] = () => page(60, 90);
      push("message.expired", { seq: 30 });
      await until(() => store.log.isLoaded);
      return [store.log.firstSeq, store.log.lastSeq, requests];"""
    assert await run(modules, script) == [60, 90, ["message.history"]]


async def test_recalled_messages_are_on_the_pages_that_are_loaded(modules: Page) -> None:
    script = """
      const asked = [];
      replies["message.history"] = ({ after }) => { asked.push(after); return { ...page(86, 150), hasMore: true }; };
      store.setChannels([channel(600, 100, 3)]);
      conversation.open("7");
      await until(() => store.log?.isLoaded);
      return [asked, store.dividerSeq];"""
    assert await run(modules, script) == [[85], 100]


async def test_mentions_are_counted_and_unknown_ones_asked_for(modules: Page) -> None:
    body = """
      const me = [{ id: "1", name: "alice" }], counts = [];
      const count = () => counts.push(store.channels.get("7").mentions);
      let onServer = 1;
      replies["channel.get"] = () => ({ ...channel(8, 3, 5), mentions: onServer });
      store.putChannel({ ...channel(4, 2, 2), mentions: 1 });
      push("msg", message(5, { mentions: me }));
      push("msg", message(6, { mentions: [{ name: "all" }] }));
      push("msg", message(7, { mentions: [{ id: "3", name: "carol" }] }));
      push("msg", message(8));
      count();
      push("message.recalled", { id: "6", seq: 6 });
      count();
      // The page does not know whether 3 or 4 is the other one.
      push("read.mark", { readSeq: 3 });
      await until(() => store.channels.get("7").mentions === 1);
      count();
      onServer = 2;
      push("message.edited", { id: "7", seq: 7, msg: "@alice", mentions: me, editedAt: 1 });
      await until(() => store.channels.get("7").mentions === 2);
      push("read.mark", { readSeq: 8 });
      count();
      return [counts, requests];"""
    assert await run(modules, body) == [[3, 2, 1, 0], ["channel.get", "channel.get"]]


async def test_messages_can_be_marked_as_unread(modules: Page) -> None:
    body = """
      store.setChannels([channel(6, 6, 0)]);
      conversation.open("7");
      store.openLog("7").setNewest(page(1, 6, [4]));
      store.setUnread("7", 2);
      const held = [state(), store.dividerSeq, store.heldTarget];
      push("read.unmark", { readSeq: 3 });
      const elsewhere = state();
      push("msg", message(7, { position: 7, fromId: "1" }));
      return [held, elsewhere, state(), store.dividerSeq, store.heldTarget];"""
    assert await run(modules, body) == [[[6, 2, 3], 2, "7"], [6, 3, 2], [7, 7, 0], None, None]
