"""The dialog of a message's readers shows those of the message for which it is open."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_READERS = """async () => {
  document.body.innerHTML = `
    <dialog id="dialog-readers"><form>
      <h2 data-part="title"></h2><ul data-part="list"></ul><div data-part="placeholder"></div>
      <button type="button" data-part="more"></button><p data-part="error"></p><button data-part="cancel"></button>
    </form></dialog>
    <template id="template-reader"><li><span data-part="avatar"></span><bdi data-part="name"></bdi></li></template>
    <template id="template-skeleton"><p></p></template>`;
  const { showReaders } = await import("/static/js/widgets/readers-dialog.js");
  const asked = [], answers = {};
  const readers = ({ id }, after = "") => {
    asked.push(id + after);
    return new Promise((done) => (answers[id + after] = done));
  };
  const page = (id, name) => ({ shown: true, readers: [{ id, name }], count: 2, hasMore: true });
  const dialog = document.querySelector("dialog"), more = dialog.querySelector("[data-part=more]");
  const names = () => [...dialog.querySelectorAll("bdi")].map(({ textContent }) => textContent);
  const first = showReaders({ readers }, { id: "a" });
  dialog.close();
  const second = showReaders({ readers }, { id: "b" });
  answers.b(page("2", "Bob"));
  await second;
  answers.a(page("1", "Ann"));
  await first;
  const shown = [names()];
  more.click();
  more.click();
  answers.b2(page("3", "Cy"));
  while (more.disabled) await new Promise((done) => setTimeout(done, 10));
  return [...shown, names(), asked];
}"""


async def test_a_late_reply_about_another_message_is_left_out_and_pages_are_loaded_once(modules: Page) -> None:
    assert await modules.evaluate(_READERS) == [["Bob"], ["Bob", "Cy"], ["a", "b", "b2"]]
