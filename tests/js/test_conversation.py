"""Quick actions and late answers leave the user in the right channel and lose nothing."""

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
  const { Store } = await import("/static/js/net/state/store.js");
  const { Conversation } = await import("/static/js/net/conversation.js");
  const store = new Store();
  const requests = [];
  const replies = {};
  const socket = {
    isReady: true,
    request: async (cmd, data) => {
      requests.push([cmd, data.target, data.seq]);
      return replies[cmd]?.(data) ?? {};
    },
  };
  const gapFiller = { check: () => {} };
  const conversation = new Conversation({ socket, store, outbox: new Emitter(), session: new Emitter(), gapFiller });
  const channel = (target, lastSeq, readSeq) => ({
    target, kind: "public", name: target, closed: false, role: "member", slowMode: 0, announcementsOnly: false,
    lastSeq, readSeq, unread: lastSeq - readSeq, activeAt: 0,
  });
  const page = (from, to, hasMore = false) => ({
    messages: Array.from({ length: to - from + 1 }, (_, i) => ({ id: `id${from + i}`, seq: from + i, msg: "x" })),
    notes: [], hasMore,
  });
  const until = async (condition) => { while (!condition()) await new Promise((done) => setTimeout(done, 10)); };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_quickly_visited_channels_are_all_marked_as_read(modules: Page) -> None:
    script = """
      store.setChannels([channel("7", 3, 0), channel("8", 5, 0)]);
      conversation.markRead("7", 2); conversation.markRead("8", 5); conversation.markRead("7", 3);
      await until(() => requests.length >= 2);
      return requests;"""
    assert await run(modules, script) == [["read.mark", "7", 3], ["read.mark", "8", 5]]


async def test_a_late_search_result_does_not_switch_the_channel(modules: Page) -> None:
    script = """
      const revealed = []; conversation.addEventListener("reveal", ({ detail }) => revealed.push(detail.seq));
      let arrive; replies["message.history"] = () => new Promise((done) => (arrive = done));
      store.setChannels([channel("7", 900, 900), channel("8", 0, 0)]);
      store.setCurrent("7");
      const sought = conversation.reveal("7", 20);
      store.setCurrent("8"); arrive(page(1, 50, true)); await sought;
      const gone = [...revealed];
      store.setCurrent("7"); await conversation.reveal("7", 20);
      return [gone, revealed];"""
    assert await run(modules, script) == [[], [20]]


async def test_a_channel_with_more_unread_than_is_loaded_opens_where_reading_stopped(modules: Page) -> None:
    script = """
      const asked = [];
      replies["message.history"] = ({ after, limit }) => {
        asked.push(after);
        return page(after + 1, after + limit, true);
      };
      store.setChannels([channel("7", 600, 100)]);
      store.openLog("7").setNewest({ ...page(301, 600), hasMore: true });
      conversation.open("7");
      await until(() => store.log?.messages[0]?.seq === 86);
      return [asked, store.dividerSeq];"""
    assert await run(modules, script) == [[85], 100]
