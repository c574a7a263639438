"""Measures a page in Chromium: the time to open a channel, the time of a key, and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, Page

_IS_OPEN = """() => document.querySelector("#composer")?.disabled === false
  && document.querySelectorAll("[data-testid=channel-item]").length > 1"""
_OPEN = """async (target) => {
  const start = performance.now();
  document.querySelector(`[data-target="${target}"]`).click();
  const isShown = () => document.querySelector("[data-testid=channel-item][aria-current]")?.dataset.target === target
    && document.querySelector("#timeline-rows .message[data-seq]") !== null;
  while (!isShown()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
_WATCH_KEYS = """() => {
  window.keyTimes = [];
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, { capture: true });
  // The event bubbles to the window after all other listeners.
  addEventListener("input", () => window.keyTimes.push(performance.now() - pressed));
}"""


async def open_page(context: BrowserContext, url: str, session: str) -> Page:
    """Open the page of the user with this session, and wait until a channel is open."""
    await context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_function(_IS_OPEN, polling=50)
    return page


async def open_channel(page: Page, target: str) -> float:
    """Open a channel of the list; return the milliseconds from the click until its messages are painted."""
    return float(await page.evaluate(_OPEN, target))


async def go_to_end(page: Page) -> None:
    """Scroll the open channel to its end, so that the page follows new messages."""
    await page.evaluate("() => document.querySelector('#new-messages').click()")
    await page.wait_for_function("() => document.querySelector('#new-messages').hidden", polling=50)


async def type_keys(page: Page, count: int, pause_ms: float) -> list[float]:
    """Type into the composer.

    Return the sorted milliseconds from each key until its text is in the field and all listeners have run.
    """
    await page.evaluate(_WATCH_KEYS)
    await page.focus("#composer")
    for number in range(count):
        await page.keyboard.press(" " if number % 6 == 5 else "etaoin"[number % 6])
        await page.wait_for_timeout(pause_ms)
    return sorted(await page.evaluate("window.keyTimes"))


@dataclass(frozen=True)
class PageMemory:
    """The memory of a page after a collection of garbage."""

    heap: float
    """MiB of JavaScript."""
    nodes: float
    listeners: float


async def memory(page: Page) -> PageMemory:
    """Collect garbage and return what is left."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    await session.send("HeapProfiler.collectGarbage")
    found: dict[str, Any] = {
        metric["name"]: metric["value"] for metric in (await session.send("Performance.getMetrics"))["metrics"]
    }
    await session.detach()
    return PageMemory(found["JSHeapUsedSize"] / 2**20, found["Nodes"], found["JSEventListeners"])
