"""The previews of unread messages change with the messages."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PREVIEWS = """async () => {
  const { Emitter } = await import("/static/js/net/events.js");
  const { UnreadPreviews } = await import("/static/js/net/unread-previews.js");
  const store = Object.assign(new Emitter(), { currentTarget: "1" });
  const message = (seq) => ({ target: "7", id: String(seq), seq, msg: `text ${seq}` });
  const socket = { isReady: true, request: async () => ({ messages: [message(3), message(4)] }) };
  const previews = new UnreadPreviews({ socket, store });
  const texts = () => previews.of({ target: "7", readSeq: 2 }).map(({ msg }) => msg);
  const loaded = new Promise((done) => previews.addEventListener("change", done, { once: true }));
  texts();
  await loaded;
  const seen = [texts()];
  store.emit("edited", { target: "7", id: "3", msg: "without the secret" });
  store.emit("added", message(5));
  store.emit("added", message(9));
  seen.push(texts());
  store.emit("recalled", { target: "7", id: "4" });
  return [...seen, texts()];
}"""


async def test_edits_recalls_and_new_messages_show(modules: Page) -> None:
    assert await modules.evaluate(_PREVIEWS) == [
        ["text 3", "text 4"],
        ["without the secret", "text 4", "text 5"],
        ["without the secret", "text 5"],
    ]
