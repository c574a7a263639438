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
  const { Emitter } = await import("/static/js/net/events.js");
  const { BrowserUser } = await import("/static/js/page/browser-user.js");
  let isStopped = false;
  const socket = Object.assign(new Emitter(), { stop: () => (isStopped = true) });
  let left = 0;
  const open = (isSignedIn = true) => new BrowserUser({
    socket, storage: localStorage, tabStorage: sessionStorage, isSignedIn, leave: () => left++,
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


async def test_a_page_that_asks_for_a_sign_in_follows_one_in_another_tab(modules: Page) -> None:
    script = """
      const event = (key, newValue) => ({ key, newValue });
      const follow = (page) => {
        for (const [key, value] of [["im.user", null], ["im.draft.1.1", "x"], [null, null], ["im.user", "1"]]) {
          page.onStorageChange(event(key, value));
        }
        return left;
      };
      const signedIn = follow(user);
      const welcome = follow(open(false));
      logIn("1");
      const after = follow(user);
      socket.emit("refused", null);
      return [signedIn, welcome, after, follow(user), follow(user)];"""
    assert await run(modules, script) == [0, 1, 1, 2, 2]


async def test_a_page_that_asks_for_a_sign_in_follows_one_that_it_missed(modules: Page) -> None:
    """It was loading, or frozen: it has heard no event."""
    script = """
      logIn("1");
      const storedAt = localStorage.getItem("im.user-login");
      const welcome = open(false);
      const follow = (time) => {
        localStorage.setItem("im.user-login", String(time));
        welcome.check();
        return left;
      };
      const before = follow(Date.now() - performance.now() - 1000);
      const clockWasAhead = follow(Date.now() + 60_000);
      return [before, clockWasAhead, follow(storedAt), follow(storedAt)];"""
    assert await run(modules, script) == [0, 0, 1, 1]


async def test_each_login_is_told_to_other_tabs(modules: Page) -> None:
    """A storage event needs a change, and the same user may have signed out before."""
    script = """
      logIn("1");
      const frame = document.body.appendChild(document.createElement("iframe"));
      const values = [];
      frame.contentWindow.addEventListener("storage", ({ newValue }) => values.push(newValue));
      logIn("1");
      while (!values.includes(null) || values.at(-1) === null) await new Promise((done) => setTimeout(done, 5));
      return values.slice(-2);"""
    assert await run(modules, script) == [None, "1"]


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
