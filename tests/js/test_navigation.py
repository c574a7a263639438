"""Links, notifications and the browser's history lead each user to the right place."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  document.body.innerHTML = '<div id="toast" popover="manual" hidden></div>';
  const { Emitter } = await import("/static/js/net/events.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const { Navigation } = await import("/static/js/navigation.js");
  const store = new Store();
  const opened = [], threads = [], lists = [];
  const layout = {
    isOpen: true, isPhone: false, isNarrow: false, isChannelVisible: true, place: null, state: null,
    showChannel: () => {}, keepPlace: () => {}, keepThread: () => {}, restoreView: () => {},
    showList: () => lists.push("list"),
  };
  const open = (target, seq) => { opened.push([target, seq ?? null]); store.setCurrent(target); return true; };
  const openAt = async (...place) => open(...place);
  const conversation = Object.assign(new Emitter(), { open, openAt, openAtPlace: open });
  const threadConversation = Object.assign(new Emitter(), { current: null, open: ({ id }) => threads.push(id) });
  const timeline = { scroller: document.createElement("div"), place: null, jumpToLatest: () => {} };
  const navigation = new Navigation({
    store, layout, timeline, conversation, threadConversation, focusComposer: () => {}, openSettings: () => false,
  });
  const channel = (target, lastSeq) => ({
    target, kind: "public", name: target, lastSeq, readSeq: lastSeq, unread: 0, mentions: 0, activeAt: 0,
  });
  const load = () => { store.setChannels([channel("7", 3), channel("8", 3)]); store.setCurrent("7"); };
  const notices = () => document.querySelector("#toast").textContent;
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_notification_leads_to_a_message_that_the_page_learns_of_later(modules: Page) -> None:
    script = """
      load(); navigation.openNotified("8", 5);
      store.addMessage({ target: "8", seq: 4, id: "4", fromId: "2", msg: "x", time: 1 });
      store.addMessage({ target: "8", seq: 5, id: "5", fromId: "2", msg: "x", time: 1 });
      navigation.openNotified("9", 1); store.putChannel(channel("9", 1));
      // The user goes elsewhere meanwhile.
      navigation.openNotified("10", 1); navigation.open("7"); store.putChannel(channel("10", 1));
      return [opened, notices()];"""
    assert await run(modules, script) == [[["8", None], ["8", 5], ["9", 1], ["7", None]], ""]


async def test_a_notification_that_opens_the_page_leads_to_its_message_once_it_is_loaded(modules: Page) -> None:
    script = """
      navigation.openNotified("8", 2); store.setChannels([channel("7", 3), channel("8", 3)]);
      store.app = { appId: 1, name: "", target: "7" };
      navigation.onSessionLoaded();
      return opened;"""
    assert await run(modules, script) == [["7", None], ["8", 2]]


async def test_going_back_before_the_channels_are_loaded_changes_and_says_nothing(modules: Page) -> None:
    script = """
      navigation.onNavigate({ target: "7", seq: null }, false);
      layout.isPhone = true; navigation.onNavigate({ target: "7", seq: null }, false);
      return [notices(), lists, opened];"""
    assert await run(modules, script) == ["", [], []]


async def test_a_window_that_has_become_narrow_goes_back_to_the_messages_not_to_the_thread(modules: Page) -> None:
    script = """
      load(); layout.state = { view: "thread", thread: "5", seen: null };
      navigation.onNavigate({ target: "8", seq: null }, false); const wide = [...threads];
      layout.isNarrow = true; navigation.onNavigate({ target: "7", seq: null }, false);
      return [wide, threads, opened];"""
    assert await run(modules, script) == [["5"], ["5"], [["8", None], ["7", None]]]


async def test_history_entries_show_their_own_user_only_what_they_remember(modules: Page) -> None:
    script = """
      const names = ["details", "search", "thread", "threads", "saved", "unread", "drafts"];
      document.body.innerHTML = `
        <div id="chat"></div><button id="back-button"></button><textarea id="composer"></textarea>
        ${names.map((name) => `<aside id="${name}" hidden><button data-part="close"></button></aside>`).join("")}`;
      const { Layout } = await import("/static/js/widgets/layout.js");
      const later = new Layout({ onPanelShown: () => {}, navigate: () => {} });
      later.userId = "1";
      later.showChannel({ target: "7", seq: null }, "replace"); later.keepThread("5");
      later.keepPlace({ seq: 3, offset: 4 });
      const own = [later.state.thread, later.state.seen.seq];
      later.userId = "2"; const others = later.state;
      later.keepPlace(null);
      return [own, others, history.state.thread ?? null, later.state.seen];"""
    assert await run(modules, script) == [["5", 3], None, None, None]
