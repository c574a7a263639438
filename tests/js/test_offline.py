"""The offline copy of the chat is bounded, follows each removal, and belongs to one user for a day."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  const { ChannelLog } = await import("/static/js/net/state/channel-log.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const kept = await import("/static/js/offline/kept-chat.js");
  const { KeptDatabase } = await import("/static/js/offline/kept-database.js");
  const { ChatKeeper } = await import("/static/js/offline/chat-keeper.js");
  const { takeOverLogs } = await import("/static/js/offline/kept-logs.js");
  const me = { id: "1", userId: "alice", name: "Alice", avatar: "", kind: "person" };
  const app = { appId: 101, name: "Web", target: "9" };
  const channel = (target, activeAt = 0) => ({
    target, kind: "public", name: target, lastSeq: 3, readSeq: 3, unread: 0, mentions: 0, activeAt,
  });
  const message = (target, seq, msg = `m${seq}`) => ({
    target, seq, id: `${target}-${seq}`, fromId: "2", from: "bob", msg, time: 1,
  });
  const messages = (target, count, msg) => Array.from({ length: count }, (_, i) => message(target, i + 1, msg));
  const page = (target, count, msg) => ({ messages: messages(target, count, msg), hasMore: false });
  const user = { me, app, staff: false, timeZone: "", position: 40, contactAt: Date.now(), savedAt: Date.now() };
  const write = async (changes) => {
    const database = new KeptDatabase();
    await database.open();
    await database.write({ user, channels: [], logs: new Map(), replacesAll: true, ...changes });
    database.close();
  };
  const read = async () => {
    const found = await new KeptDatabase().read();
    return found && {
      id: found.user.me.id, position: found.user.position, channels: found.channels.map(({ target }) => target),
      logs: [...found.logs].map(([target, { messages }]) => [target, messages.map(({ msg }) => msg)]),
    };
  };
  const pause = () => new Promise((done) => setTimeout(done, 20));
  const until = async (condition) => { while (!(await condition())) await pause(); };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_kept_log_is_the_end_of_its_channel_within_the_limits(modules: Page) -> None:
    script = """
      const of = (count, size) => {
        const log = new ChannelLog();
        log.setNewest(page("7", count, "x".repeat(size)));
        const { messages, hasMore } = JSON.parse(kept.keptLog(log));
        return [messages.at(0)?.seq ?? 0, messages.at(-1)?.seq ?? 0, hasMore];
      };
      return [of(3, 1), of(80, 1), of(50, 10_000), of(1, 300_000)];"""
    assert await run(modules, script) == [[1, 3, False], [31, 80, True], [39, 50, True], [0, 0, True]]


async def test_kept_channels_are_those_with_messages_and_the_last_active_ones(modules: Page) -> None:
    script = """
      const store = new Store();
      store.setChannels(Array.from({ length: 230 }, (_, i) => channel(`${i}`, i)));
      store.openLog("0").setNewest(page("0", 1));
      store.openLog("5").setMiddle({ ...page("5", 3), hasMore: true });
      store.openLog("6");
      const targets = kept.keptChannels(store).map(({ target }) => Number(target));
      return [targets.length, targets.includes(0), Math.min(...targets.filter(Boolean)), kept.keptTargets(store)];"""
    # A window above the end and one that is not loaded are not the last messages. Their channels count as loaded ones.
    assert await run(modules, script) == [200, True, 5, ["0"]]


async def test_a_day_after_the_last_contact_it_is_deleted_unseen(modules: Page) -> None:
    script = """
      const hours = (n) => ({ user: { ...user, contactAt: Date.now() - n * 3_600_000 } });
      const names = async () => (await indexedDB.databases()).map(({ name }) => name);
      const results = [];
      // A clock is set back by a little from time to time.
      for (const age of [23.9, -0.05, 24.1, -0.5]) {
        await write(hours(age));
        results.push((await read())?.id ?? null, await names());
      }
      return results;"""
    assert await run(modules, script) == ["1", ["im-offline"], "1", ["im-offline"], None, [], None, []]


async def test_it_is_deleted_for_another_user_only(modules: Page) -> None:
    script = """
      await write({}); await new KeptDatabase().deleteOthers("1"); const own = (await read())?.id;
      await new KeptDatabase().deleteOthers("2");
      return [own, await read()];"""
    assert await run(modules, script) == ["1", None]


_KEEPER = """
  const store = new Store(), socket = new Emitter();
  const settings = () => ({ staff: false, timeZone: "" });
  const keep = async () => {
    const keeper = new ChatKeeper({ store, socket, settings, onTurn: async () => {} });
    socket.emit("position", 41);
    keeper.start();
    await until(read);
    return keeper;
  };
  store.setMe(me, app);
  store.setChannels([channel("7"), channel("8")]);
  for (const target of ["7", "8"]) store.openLog(target).setNewest(page(target, 2));
"""


async def test_what_is_removed_from_the_page_is_removed_from_what_is_kept(modules: Page) -> None:
    script = (
        _KEEPER
        + """
      const keeper = await keep(), before = await read();
      store.recallMessage({ target: "7", id: "7-2", seq: 2, position: 42 });
      store.expireMessages({ target: "7", seq: 1 });
      store.removeChannel("8");
      socket.emit("position", 43);
      keeper.flush();
      await until(async () => (await read()).position === 43);
      const after = await read();
      store.clearLogs(); store.emit("channels"); keeper.flush();
      await until(async () => (await read()).logs.length === 0);
      return [before, after];"""
    )
    all_messages = [["7", ["m1", "m2"]], ["8", ["m1", "m2"]]]
    assert await run(modules, script) == [
        {"id": "1", "position": 41, "channels": ["7", "8"], "logs": all_messages},
        {"id": "1", "position": 43, "channels": ["7"], "logs": [["7", [""]]]},
    ]


async def test_a_page_whose_database_was_deleted_keeps_nothing_until_it_is_accepted_again(modules: Page) -> None:
    script = (
        _KEEPER
        + """
      const keeper = await keep();
      await new KeptDatabase().delete();
      store.emit("log", "7"); keeper.flush();
      const gone = await read();
      keeper.start();
      await until(read);
      await keeper.wipe();
      return [gone, await read()];"""
    )
    assert await run(modules, script) == [None, None]


async def test_a_page_that_begins_twice_leaves_no_connection_that_holds_up_the_deletion(modules: Page) -> None:
    script = (
        _KEEPER
        + """
      const keeper = await keep();
      await new KeptDatabase().delete();
      keeper.start();
      keeper.start();
      await until(read);
      await keeper.wipe();
      return indexedDB.databases();"""
    )
    assert await run(modules, script) == []


async def test_a_tab_that_the_browser_has_stopped_keeps_nobody_from_leaving(modules: Page) -> None:
    script = """
      await write({});
      const held = await new Promise((resolve) => {
        const request = indexedDB.open("im-offline");
        request.onsuccess = () => resolve(request.result);
      });
      await new KeptDatabase().delete();
      held.close();
      await until(async () => (await indexedDB.databases()).length === 0);
      return true;"""
    assert await run(modules, script) is True


async def test_nothing_is_written_while_the_page_must_load_everything_anew(modules: Page) -> None:
    script = (
        _KEEPER
        + """
      const keeper = await keep();
      socket.emit("reset");
      socket.emit("position", 90);
      keeper.flush();
      const meanwhile = (await read()).position;
      store.clearLogs();
      store.setChannels([channel("8")], true);
      keeper.start();
      keeper.flush();
      store.emit("channels");
      keeper.flush();
      await until(async () => (await read()).position === 90);
      keeper.stop();
      return [meanwhile, (await read()).logs];"""
    )
    assert await run(modules, script) == [41, []]


async def test_a_second_tab_keeps_the_chat_when_the_first_one_ends(modules: Page) -> None:
    script = (
        _KEEPER
        + """
      const first = await keep();
      const other = new ChatKeeper({ store, socket, settings, onTurn: async () => {} });
      socket.emit("position", 44);
      other.start();
      first.stop();
      await until(async () => (await read()).position === 44);
      other.stop();
      return true;"""
    )
    assert await run(modules, script) is True


async def test_an_earlier_pages_messages_are_used_once_the_server_has_told_what_happened_to_them(modules: Page) -> None:
    script = """
      const store = new Store();
      store.setMe(me, app);
      store.setChannels(["7", "8", "9", "10"].map((target) => channel(target)));
      const logs = new Map(["6", "7", "8", "9", "10"].map((target) => [target, page(target, 3)]));
      const chat = { user, channels: [], logs };
      const event = (cmd, data) => ({ seq: "1", cmd, response: { code: 200, data } });
      const answer = event("msg", { ...message("10", 4), threadId: "10-1" });
      const asked = [];
      let pages = [
        { events: [event("message.recalled", { target: "7", id: "7-2", seq: 2 })], position: 41, hasMore: true },
        {
          events: [event("message.expired", { target: "8", seq: 2 }), event("msg", message("8", 4)), answer],
          position: 42,
        },
      ];
      const request = async (_, { after }) => {
        asked.push([after, [...store.logs.values()].some(({ isLoaded }) => isLoaded)]);
        return pages.shift();
      };
      const shown = () => [...store.logs].map(([target, { messages }]) => [target, messages.map(({ msg }) => msg)]);
      await takeOverLogs(chat, { store, socket: { request } });
      const taken = shown();
      store.clearLogs(); pages = [{ reset: true, position: 90 }];
      await takeOverLogs(chat, { store, socket: { request } });
      const afterReset = shown();
      await takeOverLogs({ ...chat, user: { ...user, me: { ...me, id: "2" } } }, { store, socket: { request } });
      return [taken, asked, afterReset, shown()];"""
    # Neither a channel that the user has left (6) nor the global channel (9), whose events `sync` does not return, nor
    # one with a thread (10), of which the kept message has an older count.
    assert await run(modules, script) == [
        [["7", ["m1", "", "m3"]], ["8", ["m3", "m4"]]],
        [[40, False], [41, False], [40, False]],
        [],
        [],
    ]


_SIGN_OUT = """
  const { SignOut } = await import("/static/js/page/sign-out.js");
  const happened = [];
  const note = (name) => () => happened.push(name);
  const part = (name) => async () => { await pause(); happened.push(name); };
  const webPush = { forget: part("forget") };
  let userId = "1";
  const tab = (isReady, renewToken = part("token")) => new SignOut({
    form: { submit: note("submit") }, storage: localStorage, userId: () => userId, reload: note("reload"),
    socket: { isReady, stop: note("stop") }, webPush, offline: { wipe: part("wipe"), renewToken },
  });
  const marked = () => localStorage.getItem("im.signing-out");
"""


async def test_a_user_who_signs_out_leaves_nothing_before_the_server_is_told(modules: Page) -> None:
    script = (
        _SIGN_OUT
        + """
      await tab(true).run();
      const ready = [...happened, marked()];
      happened.length = 0;
      await tab(false).run();
      await until(() => happened.includes("submit"));
      return [ready, happened, marked(), document.body.hidden];"""
    )
    gone = ["forget", "wipe"]
    assert await run(modules, script) == [[*gone, "submit", None], ["stop", *gone, "token", "submit"], None, True]


async def test_a_user_who_signs_out_offline_is_shown_nothing_in_any_tab(modules: Page) -> None:
    script = (
        _SIGN_OUT
        + """
      localStorage.setItem("im.signing-out", "1");
      const next = tab(false).isPending();
      tab(false).onStorageChange({ key: "im.signing-out", newValue: "1" });
      await until(() => happened.includes("submit"));
      const other = [...happened];
      localStorage.setItem("im.signing-out", "1");
      userId = "2";
      tab(false).onStorageChange({ key: "im.signing-out", newValue: "1" });
      const ofAnother = tab(false).isPending();
      return [next, other, ofAnother, marked()];"""
    )
    told = ["stop", "forget", "wipe", "token", "submit"]
    assert await run(modules, script) == [True, told, False, None]


async def test_a_tab_that_comes_late_does_not_sign_the_next_user_out(modules: Page) -> None:
    script = (
        _SIGN_OUT
        + """
      await tab(false, async () => localStorage.removeItem("im.signing-out")).run();
      await until(() => happened.includes("reload"));
      return happened;"""
    )
    assert await run(modules, script) == ["stop", "forget", "wipe", "reload"]


async def test_the_arrangement_of_the_channels_is_kept(modules: Page) -> None:
    script = (
        _KEEPER
        + """
      const settingsNow = () => ({ ...settings(), sidebar: store.sidebar });
      const keeper = new ChatKeeper({ store, socket, settings: settingsNow, onTurn: async () => {} });
      socket.emit("position", 41);
      keeper.start();
      await until(read);
      store.setSidebar({ revision: 2, sort: "name", sections: [{ name: "Work", channels: ["8"] }] });
      keeper.flush();
      const keptSidebar = async () => (await new KeptDatabase().read()).user.sidebar;
      await until(async () => (await keptSidebar()).revision === 2);
      return keptSidebar();"""
    )
    sections = [{"name": "Work", "channels": ["8"]}]
    assert await run(modules, script) == {"revision": 2, "sort": "name", "sections": sections}
