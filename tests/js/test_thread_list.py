"""The list of followed threads is loaded page by page, each thread once, and again after a failure."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_SCRIPT = """async () => {
  const { ThreadList } = await import("/static/js/net/thread-list.js");
  const { DisconnectedError } = await import("/static/js/net/protocol.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const entry = (id, position) => ({ target: "9", thread: { id, position }, root: { id, target: "9" } });
  const replies = [
    { threads: [entry("3", 30), entry("2", 20)], hasMore: true },
    new DisconnectedError(""),
    // Meanwhile thread 2 has got an answer.
    { threads: [entry("2", 20), entry("1", 10)], hasMore: false },
  ];
  const asked = [];
  const request = async (cmd, { before }) => {
    asked.push(before ?? null);
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const [store, session, threads] = [new Emitter(), new Emitter(), new Emitter()];
  const list = new ThreadList({ socket: { request }, store, session, threads });
  const states = [];
  const ids = () => list.entries.map(({ thread }) => thread.id).join();
  const note = () => states.push([ids(), list.hasMore, list.error !== null]);
  await list.load();
  note();
  await list.loadMore();
  note();
  await list.loadMore();
  await list.retry();
  note();
  store.emit("channel-left", { target: "9" });
  note();
  return [asked, states];
}"""


async def test_threads_are_loaded_by_pages(modules: Page) -> None:
    asked, states = await modules.evaluate(_SCRIPT)
    assert asked == [None, 20, 20]
    assert states == [["3,2", True, False], ["3,2", True, True], ["3,2,1", False, False], ["", False, False]]
