"""The quick switcher keeps up with a busy site."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_BUSY = """async () => {
  document.body.innerHTML = `<dialog id="dialog-switcher"><form><input id="switcher-field">
    <button type="button" data-part="cancel"></button><ul id="switcher-list"></ul><p data-part="empty"></p>
    </form></dialog>`;
  const { QuickSwitcher } = await import("/static/js/widgets/quick-switcher.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const store = new Store();
  let rendered = 0;
  // Each rendering looks at the channels that were opened.
  Object.defineProperty(store.logs, "keys", { value: () => { rendered += 1; return [].values(); } });
  const switcher = new QuickSwitcher({ store });
  switcher.show();
  for (let i = 0; i < 100; i++) store.emit("channels");
  const atOnce = rendered;
  while (rendered < 2) await new Promise((done) => setTimeout(done, 10));
  return [atOnce, rendered];
}"""


async def test_many_messages_at_once_render_it_once(modules: Page) -> None:
    assert await modules.evaluate(_BUSY) == [1, 2]
