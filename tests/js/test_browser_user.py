"""A page gives itself up when another user signs in in its browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_PRELUDE = """async () => {
  const { Emitter } = await import("/static/js/lib/events.js");
  const { BrowserUser } = await import("/static/js/net/browser-user.js");
  let isStopped = false;
  const socket = Object.assign(new Emitter(), { stop: () => (isStopped = true) });
  let left = 0;
  const open = () => new BrowserUser({
    socket, storage: localStorage, tabStorage: sessionStorage, leave: () => left++,
  });
  const user = open();
  const logIn = (id) => socket.emit("ready", { login: { id }, isResumed: false });
  const logInElsewhere = (id) => { localStorage.setItem("im.user", id); user.check(); };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_login_as_another_user_makes_the_page_leave(modules: Page) -> None:
    assert await run(modules, "socket.emit('user-changed'); return left;") == 1


async def test_another_tab_that_logs_in_as_another_user_makes_the_page_leave(modules: Page) -> None:
    assert await run(modules, "logIn('1'); logInElsewhere('2'); user.check(); return [left, isStopped];") == [1, True]


@pytest.mark.parametrize("then", ["logInElsewhere('1')", "localStorage.clear(); user.check()", "user.check()"])
async def test_a_page_stays_while_its_user_does(modules: Page, then: str) -> None:
    assert await run(modules, f"logIn('1'); {then}; return left;") == 0


async def test_a_page_whose_user_has_not_logged_in_yet_stays(modules: Page) -> None:
    script = "logInElsewhere('2'); const before = left; logIn('1'); user.check(); return [before, left];"
    assert await run(modules, script) == [0, 0]


async def test_a_full_storage_does_not_take_a_page_for_anothers(modules: Page) -> None:
    script = """
      localStorage.setItem("im.user", "2");
      const setItem = Storage.prototype.setItem;
      Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
      logIn("1"); user.check();
      Storage.prototype.setItem = setItem;
      return left;"""
    assert await run(modules, script) == 0


async def test_the_next_page_is_told_once_that_it_is_another_users(modules: Page) -> None:
    script = """
      const before = user.takeChanged();
      socket.emit("user-changed");
      return [before, open().takeChanged(), user.takeChanged()];"""
    assert await run(modules, script) == [False, True, False]
