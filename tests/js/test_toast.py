"""A notice's button gives the focus back to where it was, and its action may move it on."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_FOCUS = """async () => {
  document.body.innerHTML = `
    <div id="toast" popover="manual" hidden></div><button id="a"></button><button id="b"></button>`;
  const { showToast } = await import("/static/js/widgets/toast.js");
  const [first, second] = document.querySelectorAll("button");
  const focused = [];
  const act = (run) => {
    first.focus();
    showToast("Saved", { action: { text: "Undo", run } });
    const button = document.querySelector("#toast button");
    button.focus();
    return button;
  };
  act(() => {}).click();
  focused.push(document.activeElement.id);
  act(() => second.focus()).click();
  focused.push(document.activeElement.id);
  act(() => {});
  showToast("Another one");
  focused.push(document.activeElement.id);
  return focused;
}"""


async def test_the_focus_is_not_lost_with_the_button(modules: Page) -> None:
    assert await modules.evaluate(_FOCUS) == ["a", "b", "a"]
