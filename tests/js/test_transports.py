"""Polling takes the place of WebSockets where these are blocked, and only there, until one gets through."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_SETUP = """async () => {
  const { Transports } = await import("/static/js/net/transports.js");
  window.opened = [];
  const connection = (kind) => {
    const made = { kind, readyState: 0, isClosed: false, sent: [], send: (frame) => made.sent.push(frame),
      close: () => (made.isClosed = true), onopen: null, onmessage: null, onclose: null };
    opened.push(made);
    return made;
  };
  const storage = sessionStorage;
  Math.random = () => 0.5;
  window.make = (canPoll = true) => new Transports({
    openWebSocket: () => connection("websocket"),
    openPolling: canPoll ? () => connection("polling") : null,
    storage,
  });
  window.loss = (changes) => ({ isSilent: true, isInVain: false, isAbrupt: true, lastedMs: 100, ...changes });
  window.transports = make();
  window.works = 0;
  transports.on("websocket-works", () => works++);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(clock_modules: Page) -> Page:
    await clock_modules.clock.install(time=0)
    # Until then the clock runs, and it cannot be paused at a time that has passed.
    await clock_modules.clock.pause_at(3_600_000)
    await clock_modules.evaluate(_SETUP)
    return clock_modules


async def test_refused_handshakes_are_suspicious_twice_and_blocked_thrice(page: Page) -> None:
    script = """[1, 2, 3].map(() => {
      transports.noteLoss(loss());
      return [transports.mayBeBlocked, transports.change(), transports.isPolling];
    })"""
    assert await page.evaluate(script) == [[False, False, False], [True, False, False], [True, True, True]]


@pytest.mark.parametrize(
    ("loss", "times", "changes"),
    [
        ("{ isInVain: true }", 1, True),
        ("{ isSilent: false }", 3, True),
        ("{ isSilent: false }", 2, False),
        ("{ isSilent: false, isAbrupt: false }", 5, False),
        ("{ isSilent: false, lastedMs: 20_000 }", 5, False),
    ],
    ids=["swallowed", "cut again and again", "cut twice", "closed by the server", "cut late"],
)
async def test_a_transport_is_blocked_that_gets_nothing_through_or_is_cut(
    page: Page, loss: str, times: int, changes: bool
) -> None:
    await page.evaluate(f"for (let n = 0; n < {times}; n++) transports.noteLoss(loss({loss}))")
    assert await page.evaluate("transports.change()") is changes


async def test_one_frame_ends_the_suspicion(page: Page) -> None:
    await page.evaluate("transports.noteLoss(loss()); transports.noteLoss(loss())")
    await page.evaluate("transports.noteLoss(loss({ isSilent: false })); transports.noteLoss(loss())")
    assert await page.evaluate("transports.mayBeBlocked") is False


async def test_a_server_that_is_away_ends_the_suspicion(page: Page) -> None:
    script = """[1, 2, 3].map(() => {
      transports.noteLoss(loss());
      transports.noteLoss(loss());
      const isSuspicious = transports.mayBeBlocked;
      transports.noteAbsence();
      return [isSuspicious, transports.change()];
    })"""
    assert await page.evaluate(script) == [[True, False]] * 3


async def test_without_another_transport_nothing_changes(page: Page) -> None:
    assert await page.evaluate("(transports = make(false)).noteLoss(loss({ isInVain: true }))") is None
    assert await page.evaluate("[transports.mayBeBlocked, transports.change()]") == [True, False]


async def start_polling(page: Page) -> None:
    await page.evaluate("transports.noteLoss(loss({ isInVain: true })); transports.change(); transports.open()")
    assert await page.evaluate("opened.map(({ kind }) => kind)") == ["polling"]


async def test_a_websocket_that_answers_takes_over(page: Page) -> None:
    await start_polling(page)
    await page.clock.run_for(15_000)
    assert await page.evaluate("opened.map(({ kind }) => kind)") == ["polling", "websocket"]
    await page.evaluate("opened[1].onopen({})")
    assert await page.evaluate("[works, opened[1].sent.length, transports.hasWebSocket]") == [0, 1, False]
    await page.evaluate("opened[1].onmessage({ data: 'pong' })")
    assert await page.evaluate("[works, transports.hasWebSocket, transports.isPolling]") == [1, True, True]
    assert await page.evaluate("transports.open() === opened[1]")
    assert await page.evaluate("[transports.isPolling, opened[1].isClosed, opened.length]") == [False, False, 2]
    # A proxy that cuts it after its first frames gets no second one soon.
    await page.evaluate("transports.noteLoss(loss({ isSilent: false }))")
    assert await page.evaluate("[transports.change(), transports.isPolling]") == [True, True]


async def test_tries_that_fail_come_less_and_less_often(page: Page) -> None:
    await start_polling(page)
    # The first ends in vain, the second is refused.
    await page.clock.run_for(15_000)
    assert await page.evaluate("opened.length") == 2
    await page.clock.run_for(10_000)
    assert await page.evaluate("opened[1].isClosed")
    await page.clock.run_for(29_000)
    assert await page.evaluate("opened.length") == 2
    await page.clock.run_for(1_000)
    assert await page.evaluate("opened.length") == 3
    await page.evaluate("opened[2].onclose({ code: 1006 })")
    await page.clock.run_for(59_000)
    assert await page.evaluate("opened.length") == 3
    # The network may have changed.
    await page.evaluate("transports.probeSoon(); transports.probeSoon()")
    assert await page.evaluate("opened.length") == 4
    await page.evaluate("transports.stop()")
    await page.clock.run_for(600_000)
    assert await page.evaluate("[opened.length, opened[3].isClosed]") == [4, True]


async def test_the_next_page_of_the_tab_polls_at_once(page: Page) -> None:
    await start_polling(page)
    assert await page.evaluate("make().isPolling") is True
    assert await page.evaluate("make(false).isPolling") is False
    await page.evaluate("for (let n = 0; n < 3; n++) transports.noteLoss(loss()); transports.change()")
    assert await page.evaluate("[transports.isPolling, make().isPolling]") == [False, False]
