"""Reactions are shown right in any order of pages and events."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark
from tests.js.test_channel_log import run

ALICE, BOB = ({"userId": name, "id": name, "name": name, "avatar": "", "kind": "person"} for name in ("alice", "bob"))
PAGE = {
    "messages": [
        {
            "id": "id1", "seq": 1, "msg": "hello",
            "reactions": [{"emoji": "👍", "count": 1, "mine": False, "users": [BOB], "position": 11}],
        }
    ],
    "hasMore": False,
}  # fmt: skip


def change(emoji: str, count: int, by: dict[str, str], position: int, is_added: bool = True) -> dict[str, Any]:
    return {"id": "id1", "emoji": emoji, "count": count, "by": by, "position": position, "isAdded": is_added}


EVENTS = [
    change("👍", 1, BOB, 11),
    change("👍", 2, ALICE, 12),
    change("👍", 1, BOB, 13, False),
    change("🎉", 1, BOB, 14),
]
SCRIPT = """
  for (const step of given) {
    if (step.messages) log.setNewest(step, true);
    else log.changeReaction(step, step.by.id === "alice");
  }
  return log.messages[0].reactions
    .map(({ emoji, count, mine, users }) => [emoji, count, mine, users.map(({ id }) => id)])
    .sort(([one], [other]) => (one < other ? -1 : 1));"""


async def test_a_page_between_any_two_events_gives_the_same_result(modules: Page) -> None:
    for place in range(len(EVENTS) + 1):
        steps = [*EVENTS[:place], PAGE, *EVENTS[place:], *EVENTS]
        assert await run(modules, SCRIPT, steps) == [["🎉", 1, False, ["bob"]], ["👍", 1, True, ["alice"]]], place


async def test_events_about_different_emoji_come_in_any_order(modules: Page) -> None:
    for order in permutations([change("👍", 2, ALICE, 12), change("🎉", 1, BOB, 13), change("🙏", 1, BOB, 14)]):
        shown = await run(modules, SCRIPT, [PAGE, *order])
        assert shown == [["🎉", 1, False, ["bob"]], ["👍", 2, True, ["bob", "alice"]], ["🙏", 1, False, ["bob"]]]


async def test_a_renamed_user_has_the_new_name_in_reactions(modules: Page) -> None:
    script = """
      log.setNewest(given);
      const renamed = log.rename({ id: "bob", userId: "bob", name: "Robert", avatar: "" }, null);
      return [renamed, log.messages[0].reactions[0].users[0].name];"""
    assert await run(modules, script, PAGE) == [True, "Robert"]


@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", '👍" onclick="alert(1)'])
async def test_an_emoji_of_a_hostile_server_is_text(modules: Page, hostile: str) -> None:
    script = """async (emoji) => {
      document.body.innerHTML = `<template id="template-reaction"><button><span data-part="emoji"></span><span
        data-part="count"></span></button></template><div id="box"></div>`;
      const { renderReactions } = await import("/static/js/widgets/message-reactions.js");
      const box = document.getElementById("box");
      renderReactions(box, { reactions: [{ emoji, count: 1, mine: true, users: [], position: 1 }] });
      return [box.querySelectorAll("*").length, box.querySelector("[data-part=emoji]").textContent];
    }"""
    assert await modules.evaluate(script, hostile) == [3, hostile]
