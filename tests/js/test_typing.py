"""Users who are typing are gathered, and forgotten after a while."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_TEXTS = """async () => {
  const { typingText } = await import("/static/js/widgets/typing-line.js");
  const { language } = await import("/static/js/lib/i18n.js");
  const people = ["Ann", "Bob", "Cy"];
  const texts = () => [0, 1, 2, 3].map((n) => typingText(people.slice(0, n)).replace(/[\\u2066-\\u2069]/gu, ""));
  const english = texts();
  language.choose("zh");
  const chinese = texts();
  language.choose("en");
  return [...english, ...chinese];
}"""
_USERS = """async () => {
  const { TypingUsers } = await import("/static/js/net/state/typing.js");
  const timers = [];
  window.setTimeout = (run) => timers.push(run);
  const users = new TypingUsers();
  const names = (target, thread) => users.in(target, thread).map(({ id }) => id).join();
  users.add("7", undefined, { id: "1" });
  users.add("7", undefined, { id: "2" });
  users.add("7", "5", { id: "3" });
  const seen = [names("7"), names("7", "5"), names("8")];
  users.remove("7", undefined, "1");
  seen.push(names("7"));
  timers[1]();
  seen.push(names("7"), names("7", "5"));
  users.clear();
  return [...seen, names("7", "5")];
}"""


async def test_several_users_are_one_line(modules: Page) -> None:
    assert await modules.evaluate(_TEXTS) == [
        "",
        "Ann is typing…",
        "Ann and Bob are typing…",
        "Ann and 2 others are typing…",
        "",
        "Ann 正在输入…",
        "Ann 和 Bob 正在输入…",
        "Ann 和另外 2 人正在输入…",
    ]


async def test_users_are_shown_where_they_type_until_they_send_or_stop(modules: Page) -> None:
    assert await modules.evaluate(_USERS) == ["1,2", "3", "", "2", "", "3", ""]
