"""The loaded part of a channel stays complete and in order, in any order of arrival."""

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

_PRELUDE = """async (given) => {
  const { ChannelLog, MAX_MESSAGES } = await import("/static/js/net/state/channel-log.js");
  const m = (seq, more = {}) => ({ id: `id${seq}`, seq, msg: `text ${seq}`, ...more });
  const page = (from, to, hasMore) => ({
    messages: Array.from({ length: to - from + 1 }, (_, i) => m(from + i)), notes: [], hasMore,
  });
  const log = new ChannelLog();
  const seqs = () => log.messages.map(({ seq }) => seq);
  %s
}"""


async def run(modules: Page, script: str, given: Any = None) -> Any:
    return await modules.evaluate(_PRELUDE % script, given)


async def test_repeated_and_unordered_messages_are_kept_once_and_in_order(modules: Page) -> None:
    script = "for (const seq of given) log.add(m(seq)); return seqs();"
    assert await run(modules, script, [3, 1, 2, 3, 5, 4, 1]) == [1, 2, 3, 4, 5]


async def test_a_missing_number_is_a_gap_until_the_server_confirms_it(modules: Page) -> None:
    script = """
      log.setNewest(page(1, 3, false)); log.add(m(6));
      const first = log.gap();
      log.fill(3, { messages: [m(6)], hasMore: false });
      return [first, log.gap()];"""
    assert await run(modules, script) == [3, None]


async def test_a_missing_end_is_a_gap_too(modules: Page) -> None:
    script = "log.setNewest(page(1, 3, false)); return [log.gap(3), log.gap(5)];"
    assert await run(modules, script) == [None, 3]


@pytest.mark.parametrize("end", [0, 1, 2])
async def test_messages_pushed_while_the_first_page_was_on_its_way_stay(modules: Page, end: int) -> None:
    script = (
        "log.add(m(1)); log.setNewest(page(1, given, false)); log.add(m(2)); return [seqs(), log.gap(2), log.hasOlder];"
    )
    assert await run(modules, script, end) == [[1, 2], None, False]


async def test_a_page_that_is_loaded_anew_replaces_all(modules: Page) -> None:
    script = "log.setNewest(page(1, 9, false)); log.setNewest(page(3, 5, true)); return [seqs(), log.hasOlder];"
    assert await run(modules, script) == [[3, 4, 5], True]


async def test_an_edit_that_arrives_before_its_page_is_not_lost(modules: Page) -> None:
    script = """
      log.edit({ id: "id2", msg: "edited", editedAt: 7 });
      log.setNewest(page(1, 3, false));
      log.setNewest(page(1, 3, false), true);
      return log.messages[1].msg;"""
    assert await run(modules, script) == "edited"


async def test_a_page_made_before_an_edit_does_not_undo_it(modules: Page) -> None:
    script = """
      log.setNewest(page(1, 3, false));
      log.edit({ id: "id2", msg: "edited", editedAt: 7 });
      log.recall({ id: "id3" });
      log.setNewest(page(1, 3, false));
      return log.messages.slice(1).map(({ msg, recalled }) => [msg, Boolean(recalled)]);"""
    assert await run(modules, script) == [["edited", False], ["", True]]


async def test_a_page_made_before_a_reaction_or_a_preview_does_not_undo_it(modules: Page) -> None:
    script = """
      const by = { id: "7", name: "Bob" };
      log.setNewest(page(1, 2, false));
      log.changeReaction({ id: "id1", emoji: "👍", count: 1, by, position: 5, isAdded: true }, false);
      log.setPreviews({ id: "id2", previews: [{ title: "Winter" }] });
      log.setNewest(page(1, 2, false));
      const [first, second] = log.messages;
      const kept = [first.reactions[0].count, second.previews[0].title];
      const gone = { emoji: "👍", count: 0, users: [], mine: false, position: 6 };
      log.setNewest({ messages: [m(1, { reactions: [gone] }), m(2, { previews: [] })], hasMore: false });
      return [...kept, log.messages[0].reactions[0].count, log.messages[1].previews.length];"""
    assert await run(modules, script) == [1, "Winter", 0, 0]


async def test_a_recall_is_final(modules: Page) -> None:
    script = """
      log.setNewest(page(1, 1, false)); log.recall({ id: "id1" });
      log.edit({ id: "id1", msg: "back?", editedAt: 9 }); log.add(m(1));
      return [log.messages[0].msg, log.messages[0].recalled];"""
    assert await run(modules, script) == ["", True]


async def test_a_live_message_is_not_added_to_a_window_in_the_middle(modules: Page) -> None:
    script = "log.setMiddle(page(10, 20, true)); log.add(m(99)); return [log.lastSeq, log.hasOlder, log.hasNewer];"
    assert await run(modules, script) == [20, True, True]


async def test_a_late_push_from_before_the_window_leaves_no_gap(modules: Page) -> None:
    script = "log.setNewest(page(51, 100, true)); log.add(m(50)); log.add(m(7)); log.add(m(101));"
    assert await run(modules, f"{script} return [log.firstSeq, log.lastSeq, log.gap()];") == [51, 101, None]


async def test_scrolling_far_back_drops_the_newest_end(modules: Page) -> None:
    script = """
      log.setNewest(page(951, 1000, true));
      for (let from = 901; from > 400; from -= 50) log.addOlder(page(from, from + 49, true));
      return [log.messages.length <= MAX_MESSAGES, log.hasNewer, log.gap()];"""
    assert await run(modules, script) == [True, True, None]


async def test_messages_arriving_during_the_last_page_are_still_newer(modules: Page) -> None:
    script = "log.setMiddle(page(1, 5, true)); log.addNewer(page(6, 9, false), 10); return log.hasNewer;"
    assert await run(modules, script) is True


async def test_a_reader_further_up_keeps_their_messages_while_hundreds_arrive(modules: Page) -> None:
    script = """
      log.setNewest(page(1, 50, false)); log.isReadAbove = true;
      for (let seq = 51; seq <= 1000; seq++) log.add(m(seq));
      return [log.firstSeq, log.messages.length <= MAX_MESSAGES + 50, log.hasNewer, log.gap(1000)];"""
    assert await run(modules, script) == [1, True, True, None]


async def test_following_the_end_keeps_the_newest_in_a_bounded_window(modules: Page) -> None:
    script = """
      log.setNewest(page(1, 50, false));
      for (let seq = 51; seq <= 1000; seq++) log.add(m(seq));
      log.fill(1000, page(1001, 1400, false));
      return [log.lastSeq, log.messages.length <= MAX_MESSAGES + 50, log.hasOlder, log.hasNewer];"""
    assert await run(modules, script) == [1400, True, True, False]
