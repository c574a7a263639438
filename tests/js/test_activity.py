"""The page reports that its user looks at it, and how long ago they made an input."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_REPORTS = """async () => {
  const { Emitter } = await import("/static/js/net/events.js");
  const { reportActivity } = await import("/static/js/page/activity.js");
  let now = 1_000_000;
  performance.now = () => now;
  const timers = [];
  window.setInterval = (report) => timers.push(report);
  document.hasFocus = () => isFocused;
  let isFocused = false;
  const reports = [];
  const socket = Object.assign(new Emitter(), {
    isReady: true,
    request: async (command, { active, idle }) => void reports.push([command, active, idle]),
  });
  reportActivity(socket, () => false);
  const taken = () => reports.splice(0);
  const seen = {};
  now += 400_000;
  socket.emit("ready", {});
  seen.hiddenAfterReconnect = taken();
  timers[0]();
  seen.hiddenLater = taken();
  isFocused = true;
  dispatchEvent(new Event("focus"));
  seen.focused = taken();
  now += 25_000;
  timers[0]();
  seen.repeated = taken();
  dispatchEvent(new Event("keydown"));
  now += 25_000;
  timers[0]();
  seen.afterInput = taken();
  now += 100_000;
  dispatchEvent(new Event("pointermove"));
  dispatchEvent(new Event("pointermove"));
  seen.back = taken();
  isFocused = false;
  dispatchEvent(new Event("blur"));
  dispatchEvent(new Event("pagehide"));
  seen.left = taken();
  return seen;
}"""


async def test_input_is_reported_with_activity_and_a_return_at_once(modules: Page) -> None:
    def report(active: bool, idle: int) -> list[object]:
        return ["push.active", active, idle]

    seen = await modules.evaluate(_REPORTS)
    assert seen.pop("focused")[-1] == report(True, 0)
    assert seen == {
        "hiddenAfterReconnect": [report(False, 400)],
        "hiddenLater": [],
        "repeated": [report(True, 25)],
        "afterInput": [report(True, 25)],
        "back": [report(True, 0)],
        "left": [report(False, 0)],
    }
