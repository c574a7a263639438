"""The marks of saved messages agree with the server, and their list changes with them."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_MARKS = """async () => {
  const { SavedMessages } = await import("/static/js/page/saved-messages.js");
  const { savedMarks } = await import("/static/js/state/saved-marks.js");
  const { Emitter } = await import("/static/js/net/events.js");
  let push = () => {};
  const replies = [
    { ids: ["3"], next: "30" },
    // While this page is on its way, another device saves message 4: the ids are read again.
    () => push({ id: "4", target: "9", savedAt: 1 }) ?? { ids: ["1"], next: null },
    { ids: ["4", "3", "1"], next: null },
  ];
  const asked = [];
  const request = async (cmd, data) => {
    asked.push([cmd, data.before ?? null]);
    const reply = cmd === "saved.ids" ? replies.shift() : {};
    return typeof reply === "function" ? reply() : reply;
  };
  const session = new Emitter();
  const loaded = () => new Promise((resolve) => savedMarks.on("change", () => savedMarks.has("3") && resolve()));
  const messages = new SavedMessages({
    socket: { request, onPush: (kind, handle) => (push = handle) },
    store: { me: { kind: "person" } },
    session,
  });
  const waiting = loaded();
  session.emit("loaded");
  await waiting;
  const has = () => ["1", "3", "4", "5"].filter((id) => savedMarks.has(id)).join();
  const states = [has()];
  await messages.save({ target: "9", id: "5" });
  states.push(has());
  push({ id: "3", target: "9" });
  await messages.remove("1");
  states.push(has());
  savedMarks.setAll([]);
  return [asked, states];
}"""

_LIST = """async () => {
  const { SavedList } = await import("/static/js/page/saved-list.js");
  const { savedMarks } = await import("/static/js/state/saved-marks.js");
  const { DisconnectedError } = await import("/static/js/net/protocol.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const message = (id, target, seq) => ({ id, target, seq, msg: id });
  const replies = [
    { messages: [message("5", "9", 5), message("4", "8", 4), message("3", "9", 3)], next: "30" },
    new DisconnectedError(""),
    { messages: [message("2", "9", 2), message("1", "9", 1)], next: null },
    { messages: [message("7", "9", 7)], next: null },
  ];
  const asked = [];
  const request = async (cmd, { before }) => {
    asked.push(before ?? null);
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const [store, session] = [new Emitter(), new Emitter()];
  const list = new SavedList({ socket: { request }, store, session });
  savedMarks.setAll(["5", "4", "3", "2", "1"]);
  const states = [];
  const note = () => states.push([list.messages.map(({ msg }) => msg).join(), list.hasMore, list.error !== null]);
  savedMarks.set("6", true);
  note();
  await list.load();
  note();
  await list.loadMore();
  note();
  await list.retry();
  note();
  store.emit("edited", { id: "5", msg: "new" });
  store.emit("recalled", { id: "3" });
  store.emit("expired", { target: "9", seq: 1 });
  store.emit("channel-left", { target: "8" });
  note();
  savedMarks.set("2", false);
  note();
  const reloaded = new Promise((resolve) => list.on("change", () => list.isLoading || resolve()));
  savedMarks.set("7", true);
  await reloaded;
  note();
  savedMarks.setAll([]);
  return [asked, states];
}"""


_SAVED_WHILE_LISTED = """async () => {
  const { SavedList } = await import("/static/js/page/saved-list.js");
  const { savedMarks } = await import("/static/js/state/saved-marks.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const page = (next, ...ids) => ({ messages: ids.map((id) => ({ id, target: "9", seq: Number(id) })), next });
  // Of a list in pages of two, the user has loaded two, and saves a message; then many are saved on another device.
  const replies = [page("4", "5", "4"), page("2", "3", "2"), page("5", "6", "5"), page("1", "1"), page("8", "9", "8")];
  const request = async () => replies.shift();
  const list = new SavedList({ socket: { request }, store: new Emitter(), session: new Emitter() });
  const states = [];
  const note = () => states.push([list.messages.map(({ id }) => id).join(), list.hasMore]);
  const save = (id) => new Promise((resolve) => {
    list.on("change", () => list.isLoading || resolve());
    savedMarks.set(id, true);
  });
  await list.load();
  await list.loadMore();
  await save("6");
  note();
  await list.loadMore();
  note();
  await save("9");
  note();
  savedMarks.setAll([]);
  return states;
}"""


async def test_marks_follow_pushes_and_reloads(modules: Page) -> None:
    asked, states = await modules.evaluate(_MARKS)
    assert asked[:3] == [["saved.ids", None], ["saved.ids", "30"], ["saved.ids", None]]
    assert states == ["1,3,4", "1,3,4,5", "4,5"]


async def test_the_list_is_loaded_by_pages_and_changes_with_its_messages(modules: Page) -> None:
    asked, states = await modules.evaluate(_LIST)
    assert asked == [None, "30", "30", None]
    assert states == [
        ["", False, False],
        ["5,4,3", True, False],
        ["5,4,3", True, True],
        ["5,4,3,2,1", False, False],
        ["new,2", False, False],
        ["new", False, False],
        ["7", False, False],
    ]


async def test_a_message_that_is_saved_comes_first_and_the_loaded_pages_stay(modules: Page) -> None:
    assert await modules.evaluate(_SAVED_WHILE_LISTED) == [["6,5,4,3,2", True], ["6,5,4,3,2,1", True], ["9,8", True]]
