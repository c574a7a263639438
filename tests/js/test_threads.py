"""Threads: their counts in any order of pages and events, the rows that show them, and the open thread."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

# Alice looks. Message 1 is hers; Bob and she answer it.
_PRELUDE = """async (given) => {
  const { Store } = await import("/static/js/net/state/store.js");
  const { Threads } = await import("/static/js/net/state/threads.js");
  const { timelineRows } = await import("/static/js/state/timeline-rows.js");
  const { threadRows } = await import("/static/js/state/thread-rows.js");
  const { ChannelLog } = await import("/static/js/net/state/channel-log.js");
  const { Outbox } = await import("/static/js/net/outbox.js");
  const { ThreadConversation } = await import("/static/js/net/thread-conversation.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const m = (seq, fromId, more = {}) => ({
    target: "9", id: `${seq}`, seq, position: seq * 10, fromId, from: fromId, name: fromId, avatar: "", type: "text",
    msg: `text ${seq}`, time: seq * 1000, ...more,
  });
  const answer = (seq, fromId, more = {}) => m(seq, fromId, { threadId: "1", threadOnly: true, ...more });
  const thread = (count, position, more = {}) => ({
    id: "1", count, lastSeq: 3, lastAt: 3000, position, follows: true, readSeq: 0, unread: count, ...more,
  });
  const me = { id: "alice", userId: "alice", name: "Alice", avatar: "", kind: "person" };
  const open = (root = m(1, "alice")) => {
    const store = new Store();
    store.setMe(me, { appId: 101, name: "", target: "1" });
    const unread = { unread: 0, mentions: 0, readSeq: 1, lastSeq: 1, activeAt: 0 };
    store.setChannels([{ target: "9", kind: "public", name: "Painters", ...unread }]);
    store.setCurrent("9");
    store.openLog("9").setNewest({ messages: [root], notes: [], hasMore: false });
    return { store, threads: new Threads(store) };
  };
  const shown = (threads, root = m(1, "alice")) => {
    const found = threads.of(root);
    return found && [found.count, found.lastSeq, found.follows, found.unread];
  };
  const idle = async () => { for (let i = 0; i < 30; i++) await Promise.resolve(); };
  %s
}"""


async def run(modules: Page, script: str, given: Any = None) -> Any:
    return await modules.evaluate(_PRELUDE % script, given)


async def test_a_page_between_any_two_events_gives_the_same_result(modules: Page) -> None:
    script = """
      const events = [
        (store) => store.addMessage(answer(2, "bob", { threadCount: 1 })),
        (store) => store.addMessage(answer(3, "bob", { threadCount: 2 })),
        (store) => store.recallMessage({ target: "9", id: "2", seq: 2, position: 40, threadId: "1", threadCount: 1 }),
      ];
      const pages = [undefined, thread(1, 20, { lastSeq: 2, lastAt: 2000 }), thread(2, 30), thread(1, 40)];
      return pages.map((_, place) => {
        const { store, threads } = open();
        const received = m(1, "alice", { thread: pages[place] && { ...pages[place] } });
        events.slice(0, place).forEach((send) => send(store));
        shown(threads, received);
        events.slice(place).forEach((send) => send(store));
        events.forEach((send) => send(store));
        return shown(threads, received);
      });"""
    assert await run(modules, script) == [[1, 3, True, 1]] * 4


async def test_own_changes_count_in_any_order_with_those_of_others(modules: Page) -> None:
    script = """
      const steps = {
        others: (store) => store.addMessage(answer(2, "bob", { threadCount: 1 })),
        mine: (store) => store.addMessage(answer(3, "alice", { clientMsgId: "a" })),
        recall: (store) => store.recallMessage({ target: "9", id: "3", seq: 3, position: 40, threadId: "1" }),
        later: (store) => store.addMessage(answer(5, "bob", { threadCount: 2 })),
      };
      return given.map((order) => {
        const { store, threads } = open(m(1, "carol"));
        for (const name of order) steps[name](store);
        return shown(threads)[0];
      });"""
    orders = [list(order) for order in permutations(["others", "mine", "recall"])]
    assert await run(modules, script, orders) == [1] * 6
    assert await run(modules, script, [[*order, "later"] for order in orders]) == [2] * 6
    assert await run(modules, script, [["others", "mine"], ["mine", "others"]]) == [2, 2]
    assert await run(modules, script, [["others", "mine", "mine", "recall", "recall"]]) == [1]


async def test_the_author_and_those_who_answer_follow_and_others_do_not(modules: Page) -> None:
    script = """
      return ["alice", "carol"].map((author) => {
        const { store, threads } = open(m(1, author));
        store.addMessage(answer(2, "bob", { threadCount: 1 }));
        const first = shown(threads);
        store.addMessage(answer(3, "alice"));
        store.addMessage(answer(4, "bob", { threadCount: 3 }));
        const answered = shown(threads);
        threads.mark({ target: "9", threadId: "1", follows: true, readSeq: 4 });
        const read = shown(threads);
        threads.mark({ target: "9", threadId: "1", follows: false, readSeq: 4 });
        store.addMessage(answer(5, "bob", { threadCount: 4 }));
        return [first, answered, read, shown(threads)];
      });"""
    answered, read, left = [3, 4, True, 1], [3, 4, True, 0], [4, 5, False, 0]
    assert await run(modules, script) == [
        [[1, 2, True, 1], answered, read, left],
        [[1, 2, False, 0], answered, read, left],
    ]


async def test_a_mention_in_an_answer_makes_the_user_follow(modules: Page) -> None:
    script = """
      return [[{ id: "alice", name: "alice" }], [{ name: "all" }]].map((mentions) => {
        const { store, threads } = open(m(1, "carol"));
        store.addMessage(answer(2, "bob", { threadCount: 1 }));
        store.addMessage(answer(3, "bob", { threadCount: 2, mentions }));
        return shown(threads);
      });"""
    assert await run(modules, script) == [[2, 3, True, 1], [2, 3, False, 0]]


async def test_a_partial_mark_leaves_the_later_answers_unread(modules: Page) -> None:
    script = """
      const { store, threads } = open();
      for (const [seq, sender] of [[2, "bob"], [3, "bob"], [4, "carol"]]) {
        store.addMessage(answer(seq, sender, { threadCount: seq - 1 }));
      }
      threads.mark({ target: "9", threadId: "1", follows: true, readSeq: 3 });
      return shown(threads);"""
    assert await run(modules, script) == [3, 4, True, 1]


async def test_a_repeated_message_keeps_its_thread(modules: Page) -> None:
    script = """
      const log = new ChannelLog();
      log.add(m(1, "alice", { thread: thread(2, 30) }));
      log.add(m(1, "alice"));
      log.add(m(1, "alice", { thread: thread(1, 20) }));
      return log.messages[0].thread.count;"""
    assert await run(modules, script) == 2


async def test_the_channel_leaves_out_what_only_the_thread_shows(modules: Page) -> None:
    script = """
      const messages = [m(1, "alice"), answer(2, "bob"), answer(3, "bob", { threadOnly: false }), m(4, "carol")];
      const log = new ChannelLog();
      log.setNewest({ messages, notes: [], hasMore: false });
      const answers = new ChannelLog();
      answers.setNewest({ messages: messages.slice(1, 3), notes: [], hasMore: false });
      const entry = (text, alsoToChannel) => ({
        clientMsgId: text, target: "9", text, threadId: "1", alsoToChannel, at: 5000, tries: 0, state: "pending",
      });
      const entries = [entry("for the thread", false), entry("for both", true)];
      const texts = (rows) => rows.filter(({ kind }) => kind === "message")
        .map(({ message, isAnswer }) => `${message.msg}${isAnswer ? " (in thread)" : ""}`);
      return [
        texts(timelineRows({ log, entries, me, dividerSeq: null })),
        texts(threadRows({ root: messages[0], answers, entries, me, dividerSeq: null })),
        [1, 3, 4].map((seq) => log.seqBeforeShown(seq)),
      ];"""
    assert await run(modules, script) == [
        ["text 1", "text 3 (in thread)", "text 4", "for both (in thread)"],
        ["text 1", "text 2", "text 3", "for the thread", "for both"],
        [2, 3, 4],
    ]


async def test_the_channel_rows_tell_which_answers_are_in_a_thread(modules: Page) -> None:
    script = """
      const log = new ChannelLog();
      log.setNewest({ messages: [m(1, "alice"), answer(2, "bob", { threadOnly: false })], notes: [], hasMore: false });
      const threadOf = ({ id }) => (id === "1" ? thread(1, 20) : null);
      const rows = timelineRows({ log, entries: [], me, dividerSeq: null, threadOf });
      return rows.flatMap((row) => (row.kind === "message" ? [[row.thread?.count ?? 0, row.isAnswer]] : []));"""
    assert await run(modules, script) == [[1, False], [0, True]]


async def test_the_open_thread_loads_follows_live_changes_and_answers(modules: Page) -> None:
    script = """
      const { store, threads } = open(m(1, "alice"));
      const requests = [];
      const pages = [
        { messages: [answer(3, "bob")], hasMore: true, root: m(1, "alice", { thread: thread(2, 30) }) },
        { messages: [answer(2, "bob")], hasMore: false },
      ];
      const request = async (command, data) => {
        requests.push([command, data.before ?? data.seq ?? null]);
        return pages.shift();
      };
      const socket = { isReady: true, request };
      const sent = [];
      const send = async ({ text, threadId, alsoToChannel }) => sent.push([text, threadId, alsoToChannel]);
      const outbox = new Outbox(localStorage, send, () => true);
      outbox.load("alice");
      const conversation = new ThreadConversation({ socket, store, outbox, session: new Emitter(), threads });
      conversation.open(store.log.messages[0]);
      await idle();
      await conversation.loadOlder();
      const { answers, root, dividerSeq } = conversation.current;
      store.addMessage(answer(4, "bob", { threadCount: 3 }));
      store.addMessage(m(5, "bob"));
      store.editMessage({ target: "9", id: "2", seq: 2, msg: "edited", editedAt: 1 });
      store.recallMessage({ target: "9", id: "1", seq: 1, position: 60 });
      conversation.send("to both", true);
      await idle();
      conversation.markRead(4);
      while (requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
      return {
        requests, answers: answers.messages.map(({ msg }) => msg),
        recalled: root.messages[0].recalled, dividerSeq, sent,
        unread: shown(threads, root.messages[0])[3],
      };"""
    assert await run(modules, script) == {
        "requests": [["thread.history", None], ["thread.history", 3], ["thread.mark", 4]],
        "answers": ["edited", "text 3", "text 4"],
        "recalled": True,
        "dividerSeq": 0,
        "sent": [["to both", "1", True]],
        "unread": 0,
    }


async def test_a_mark_that_the_connection_lost_is_sent_again(modules: Page) -> None:
    script = """
      const { DisconnectedError } = await import("/static/js/net/protocol.js");
      const { store, threads } = open();
      store.addMessage(answer(2, "bob", { threadCount: 1 }));
      const marks = [];
      const request = async (command, { seq }) => {
        if (command !== "thread.mark") return { messages: [answer(2, "bob")], hasMore: false };
        marks.push(seq);
        if (marks.length === 1) throw new DisconnectedError();
      };
      const session = new Emitter();
      const outbox = new Outbox(localStorage, async () => {}, () => true);
      const conversation = new ThreadConversation({ socket: { request }, store, outbox, session, threads });
      conversation.open(store.log.messages[0]);
      await idle();
      conversation.markRead(2);
      while (!marks.length) await new Promise((resolve) => setTimeout(resolve, 10));
      await idle();
      session.emit("resumed");
      await idle();
      session.emit("resumed");
      return marks;"""
    assert await run(modules, script) == [2, 2]
