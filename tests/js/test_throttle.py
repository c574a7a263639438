"""Rendering is throttled, and more so while the user types."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_RENDER_TWICE = """async (isTyping) => {
  const { throttleRender } = await import("/static/js/lib/throttle.js");
  let ran = () => {};
  const render = throttleRender(() => ran(performance.now()));
  const next = () => new Promise((resolve) => {
    ran = resolve;
    if (isTyping) dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
    render();
  });
  const first = await next();
  return (await next()) - first;
}"""


# A timer counts whole milliseconds.
@pytest.mark.parametrize(("is_typing", "milliseconds"), [(False, 75), (True, 295)])
async def test_while_the_user_types_the_page_renders_less_often(
    modules: Page, is_typing: bool, milliseconds: int
) -> None:
    assert await modules.evaluate(_RENDER_TWICE, is_typing) >= milliseconds


# The timers that would run the work without a key never fire, so only the key can.
_RENDER_AFTER_KEY = """async () => {
  const { throttleRender } = await import("/static/js/lib/throttle.js");
  const key = () => dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
  const realTimeout = setTimeout;
  const order = [];
  key();
  await new Promise((resolve) => realTimeout(resolve, 50));
  window.setTimeout = (work, delay) => (delay ? 0 : realTimeout(work));
  await new Promise((resolve) => {
    throttleRender(() => resolve(order.push("rendering")))();
    order.push("key");
    key();
    requestAnimationFrame(() => order.push("frame"));
  });
  window.setTimeout = realTimeout;
  return order;
}"""


async def test_what_is_due_while_the_user_types_is_rendered_after_the_next_key(modules: Page) -> None:
    assert await modules.evaluate(_RENDER_AFTER_KEY) == ["key", "frame", "rendering"]


# As above: one of the two fails, and the other still runs.
_FAIL_AFTER_KEY = """async () => {
  const { throttleRender } = await import("/static/js/lib/throttle.js");
  const key = () => dispatchEvent(new KeyboardEvent("keydown", { key: "a" }));
  const realTimeout = setTimeout;
  addEventListener("error", (event) => event.preventDefault(), { once: true });
  key();
  await new Promise((resolve) => realTimeout(resolve, 50));
  window.setTimeout = (work, delay) => (delay ? 0 : realTimeout(work));
  const hasRun = await new Promise((resolve) => {
    throttleRender(() => { throw new Error("broken"); })();
    throttleRender(() => resolve(true))();
    key();
    realTimeout(() => resolve(false), 10_000);
  });
  window.setTimeout = realTimeout;
  return hasRun;
}"""


async def test_a_rendering_that_fails_does_not_stop_the_others(modules: Page) -> None:
    assert await modules.evaluate(_FAIL_AFTER_KEY)


# Only an animation frame can run the work.
_RENDER_AT_LATE_KEY = """async () => {
  const { throttleRender } = await import("/static/js/lib/throttle.js");
  const event = new KeyboardEvent("keydown", { key: "a" });
  Object.defineProperty(event, "timeStamp", { value: performance.now() - 100 });
  const realTimeout = setTimeout;
  window.setTimeout = (work, delay) => (delay ? 0 : realTimeout(work));
  dispatchEvent(event);
  const hasRun = await new Promise((resolve) => {
    throttleRender(() => resolve(true))();
    realTimeout(() => resolve(false), 10_000);
  });
  window.setTimeout = realTimeout;
  return hasRun;
}"""


async def test_what_a_key_asks_for_does_not_wait_because_the_key_came_late(modules: Page) -> None:
    assert await modules.evaluate(_RENDER_AT_LATE_KEY)
