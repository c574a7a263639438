"""After a reconnect the page and the server agree on what the user has read."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  const { Emitter } = await import("/static/js/net/events.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const { Conversation } = await import("/static/js/net/conversation.js");
  const { DisconnectedError } = await import("/static/js/net/protocol.js");
  const { Session } = await import("/static/js/net/session.js");
  const store = new Store();
  const marks = [];
  let isConnected = true;
  const channel = (target, readSeq) => ({
    target, kind: "public", name: target, lastSeq: 9, readSeq, unread: 9 - readSeq, mentions: 0, activeAt: 0,
  });
  let listed = [channel("7", 9), channel("8", 2)];
  const replies = {
    "channel.list": () => ({ channels: structuredClone(listed), hasMore: false }),
    "app.list": () => ({ apps: [] }),
    "sidebar.get": () => ({ revision: 3, sort: "name", sections: [] }),
    "read.mark": ({ target, seq }) => {
      marks.push([target, seq]);
      if (!isConnected) throw new DisconnectedError("");
      return { target, readSeq: seq };
    },
  };
  const request = async (cmd, data) => replies[cmd](data);
  const socket = Object.assign(new Emitter(), { isReady: true, start: () => {}, request });
  const outbox = Object.assign(new Emitter(), { load: () => {}, flush: () => {} });
  const gapFiller = { check: () => {} };
  const session = new Session({ socket, store, outbox, gapFiller, presence: { load: async () => {} } });
  const conversation = new Conversation({ socket, store, outbox, session, gapFiller });
  const login = { userId: "alice", id: "1", name: "Alice", kind: "person", appId: 101, appName: "Web", target: "1" };
  const connect = (isResumed) => new Promise((done) => {
    session.addEventListener(isResumed ? "resumed" : "loaded", done, { once: true });
    socket.emit("ready", { login, isResumed });
  });
  const until = async (condition) => { while (!condition()) await new Promise((done) => setTimeout(done, 10)); };
  const state = (target) => [store.channels.get(target).readSeq, store.channels.get(target).unread];
  await connect(false);
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_messages_marked_as_unread_elsewhere_during_a_disconnect_stay_unread(modules: Page) -> None:
    script = """
      listed = [channel("7", 4), channel("8", 2)]; await connect(true);
      return [state("7"), state("8"), marks];"""
    assert await run(modules, script) == [[4, 5], [2, 7], []]


async def test_what_was_read_without_a_connection_is_told_after_the_reconnect(modules: Page) -> None:
    script = """
      isConnected = false; conversation.markRead("8", 6); await until(() => marks.length === 1);
      isConnected = true; await connect(true); await until(() => store.unsentReads.size === 0);
      return [state("8"), marks];"""
    assert await run(modules, script) == [[6, 3], [["8", 6], ["8", 6]]]


async def test_a_read_position_that_was_not_told_yet_does_not_undo_a_mark_as_unread(modules: Page) -> None:
    script = """
      listed = [channel("7", 4), channel("8", 2)]; await connect(true);
      conversation.markRead("7", 9); store.setUnread("7", 4); conversation.markRead("8", 3);
      await until(() => marks.length);
      return [state("7"), marks];"""
    assert await run(modules, script) == [[4, 5], [["8", 3]]]


async def test_a_restored_session_keeps_its_messages_except_those_that_sync_leaves_out(modules: Page) -> None:
    script = """
      const { ChannelLog } = await import("/static/js/net/state/channel-log.js");
      const message = (target, seq, msg) => ({ target, seq, id: `${target}-${seq}`, msg, time: 0 });
      const log = (target) => {
        const made = new ChannelLog();
        made.setNewest({ messages: [message(target, 8, "kept"), message(target, 9, "kept")], hasMore: true });
        return made;
      };
      const resumed = [];
      socket.resume = (...past) => resumed.push(past);
      listed = ["1", "7"].map((target) => channel(target, 9));
      const app = { appId: 101, name: "Web", target: "1" };
      const logs = new Map(["1", "7", "8"].map((target) => [target, log(target)]));
      const channels = ["1", "7", "8"].map((target) => channel(target, 9));
      session.restore({ me: { id: "1" }, app, channels, logs, position: 40 });
      const texts = () => [...store.logs].map(([target, { messages }]) => [target, messages.map(({ msg }) => msg)]);
      const before = texts();
      replies["message.history"] = () => ({ messages: [message("1", 9, "of the server")], hasMore: true });
      await connect(true);
      return [resumed, before, texts(), [...store.channels.keys()]];"""
    both = ["kept", "kept"]
    assert await run(modules, script) == [
        [[{"appId": 101}, "1", 40]],
        [["1", both], ["7", both], ["8", both]],
        [["1", ["of the server"]], ["7", both]],
        ["1", "7"],
    ]


async def test_the_arrangement_of_the_channels_is_known_before_they_are_shown(modules: Page) -> None:
    script = """
      const shown = [];
      store.on("channels", () => shown.push([store.channels.size > 0, store.sidebar.revision]));
      session.start(101);
      await connect(false);
      return [shown.filter(([hasChannels]) => hasChannels), store.sidebar.sort];"""
    assert await run(modules, script) == [[[True, 3]], "name"]


async def test_a_page_without_a_connection_shows_the_arrangement_that_it_kept(modules: Page) -> None:
    script = """
      store.clear();
      socket.resume = () => {};
      const me = { ...login }, app = { appId: 101, name: "Web", target: "1" };
      const sidebar = { revision: 9, sort: "unread", sections: [] };
      session.restore({ me, app, channels: [channel("7", 9)], sidebar, logs: new Map(), position: 5 });
      return [store.sidebar.revision, store.channels.size];"""
    assert await run(modules, script) == [9, 1]
