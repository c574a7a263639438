"""Messages are sent once and in order, or kept for a retry."""

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
  const { Outbox } = await import("/static/js/net/outbox.js");
  const { RequestError, DisconnectedError } = await import("/static/js/net/protocol.js");
  const sent = [];
  const state = { online: true, fail: [] };
  const open = () => {
    const outbox = new Outbox(
      localStorage,
      async (entry) => {
        sent.push(entry.text);
        const error = state.fail.shift();
        if (error) throw error;
        return { id: "1", seq: sent.length };
      },
      () => state.online,
    );
    outbox.load("7");
    return outbox;
  };
  const outbox = open();
  const write = (text) => outbox.add({ target: "1", appId: null, text, since: 0 });
  const idle = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
  const waiting = (box = outbox) => box.entriesOf("1").map(({ text, state }) => `${text}:${state}`);
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_messages_are_sent_in_order(modules: Page) -> None:
    script = "write('a'); write('b'); write('c'); await idle(); return [sent, waiting(), localStorage.length];"
    assert await run(modules, script) == [["a", "b", "c"], [], 0]


async def test_an_offline_message_waits_and_another_page_sends_it(modules: Page) -> None:
    script = """
      state.online = false; write('a'); write('b'); await idle();
      const later = open(); state.online = true; later.flush(); await idle();
      return [sent, waiting(later), localStorage.length];"""
    assert await run(modules, script) == [["a", "b"], [], 0]


async def test_a_lost_reply_is_retried_with_the_same_id(modules: Page) -> None:
    script = """
      state.fail = [new DisconnectedError("gone")]; write('a'); await idle();
      const [{ clientMsgId }] = outbox.entriesOf("1");
      let again = ""; outbox.addEventListener("sent", (event) => (again = event.detail.entry.clientMsgId));
      outbox.flush(); await idle();
      return [sent, again === clientMsgId, waiting()];"""
    assert await run(modules, script) == [["a", "a"], True, []]


async def test_a_refused_message_is_kept_and_does_not_block_others(modules: Page) -> None:
    script = """
      state.fail = [new RequestError(1003, "no", {})]; write('a'); write('b'); await idle();
      const before = waiting();
      outbox.retry(outbox.entriesOf("1")[0].clientMsgId); await idle();
      return [before, sent, waiting()];"""
    assert await run(modules, script) == [["a:failed"], ["a", "b", "a"], []]


async def test_the_same_id_adds_a_waiting_message_once_and_a_refused_one_again(modules: Page) -> None:
    script = """
      const add = () => outbox.add({ target: "1", appId: null, text: "a", since: 0, clientMsgId: "mine" });
      state.online = false; add(); add(); state.online = true;
      state.fail = [new RequestError(1003, "no", {})]; outbox.flush(); await idle();
      const before = [waiting(), sent.length];
      add(); await idle();
      return [...before, waiting(), sent];"""
    assert await run(modules, script) == [["a:failed"], 1, [], ["a", "a"]]


async def test_the_reason_of_a_refusal_is_reported_once_and_stored(modules: Page) -> None:
    script = """
      const told = []; outbox.addEventListener("failed", (event) => told.push(event.detail.refusal.data.error));
      state.fail = [new RequestError(1003, "no", { error: "You are muted." })]; write('a'); await idle();
      return [told, open().entriesOf("1").map(({ refusal }) => [refusal.code, refusal.data.error])];"""
    assert await run(modules, script) == [["You are muted."], [[1003, "You are muted."]]]


async def test_a_rate_limited_message_is_retried_before_the_next(modules: Page) -> None:
    script = """
      state.fail = [new RequestError(1011, "slow", { retryAfter: 0 })]; write('a'); write('b');
      await new Promise((done) => outbox.addEventListener("change", () => waiting().length || done()));
      return sent;"""
    assert await run(modules, script) == ["a", "a", "b"]


async def test_a_message_sent_by_another_tab_remains_until_the_connection_returns(modules: Page) -> None:
    script = """
      state.online = false; write('a'); await idle();
      const key = localStorage.key(0);
      outbox.onStorageChange({ key, newValue: null });
      const offline = waiting();
      state.online = true; outbox.flush(); await idle();
      return [offline, sent, waiting()];"""
    assert await run(modules, script) == [["a:pending"], ["a"], []]


async def test_a_message_deleted_in_another_tab_is_not_sent(modules: Page) -> None:
    script = """
      state.online = false; write('a'); await idle();
      const key = localStorage.key(0);
      const failed = { ...JSON.parse(localStorage.getItem(key)), state: "failed", refusal: { code: 1003, data: {} } };
      outbox.onStorageChange({ key, newValue: JSON.stringify(failed) });
      const given = waiting();
      outbox.onStorageChange({ key, newValue: null });
      state.online = true; outbox.flush(); await idle();
      return [given, sent, waiting()];"""
    assert await run(modules, script) == [["a:failed"], [], []]


async def test_clearing_deletes_what_other_tabs_have_written_as_well(modules: Page) -> None:
    script = """
      state.online = false;
      const other = open(); write('here'); other.add({ target: "1", appId: null, text: "there", since: 0 });
      outbox.clear();
      return [waiting(), localStorage.length];"""
    assert await run(modules, script) == [[], 0]


async def test_another_user_does_not_get_the_outbox(modules: Page) -> None:
    script = "state.online = false; write('mine'); outbox.load('8'); return waiting();"
    assert await run(modules, script) == []
