"""The quick switcher finds channels and users with few letters, the likeliest first."""

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
  const { matchRank } = await import("/static/js/lib/name-match.js");
  const { channelEntries, userEntries, matchingUsers } = await import("/static/js/state/switcher.js");
  const bob = { userId: "bob", id: "2", name: "鲍勃", kind: "person" };
  const channel = (target, name, more = {}) => ({ target, name, unread: 0, activeAt: 0, ...more });
  const channels = [
    channel("1", "Web"),
    channel("2", "Deploys of the website", { activeAt: 5 }),
    channel("3", "鲍勃", { peer: bob, activeAt: 3 }),
    channel("4", "Old news", { unread: 2 }),
    channel("5", "Weekly", { activeAt: 9 }),
  ];
  const state = { channels, recentTargets: ["5", "1"], currentTarget: "5" };
  const find = (query) => channelEntries({ ...state, query }).map(({ key }) => key).join(" ");
  %s
}"""


async def run(page: Page, script: str) -> Any:
    return await page.evaluate(_PRELUDE % script)


@pytest.mark.parametrize(
    ("name", "query", "rank"),
    [
        ("Weekly", "week", 0),
        ("Team weekly", "week", 1),
        ("Biweekly", "week", 2),
        ("Design weekly", "dw", 3),
        ("Design weekly", "dky", 3),
        ("Design weekly", "wd", None),
        ("Sandwich", "nd", 2),
        ("Sandwich", "nc", None),
        ("产品设计组", "设计", 2),
        ("产品设计组", "产组", 3),
        ("产品设计组", "组产", None),
        ("Žižkov", "zizk", 0),
        ("ＷＥＢ", "web", 0),
        ("Web", "", 0),
        ("Web", "x", None),
    ],
)
async def test_a_name_matches(pure_modules: Page, name: str, query: str, rank: int | None) -> None:
    script = "async ([name, query]) => (await import('/static/js/lib/name-match.js')).matchRank(name, query)"
    assert await pure_modules.evaluate(script, [name, query]) == rank


async def test_channels_come_in_the_order_of_their_use(pure_modules: Page) -> None:
    found = await run(pure_modules, 'return ["", "we", "bob", "鲍", "we news", "zzz"].map((query) => find(query));')
    assert found == ["4 1 2 3", "5 1 2", "3", "3", "", ""]


async def test_users_are_those_without_a_chat(pure_modules: Page) -> None:
    script = """
      const users = [
        bob,
        { userId: "me", id: "9", name: "Me", kind: "person" },
        { userId: "zhangwei", id: "4", name: "张伟", kind: "person" },
        { userId: "carol", id: "3", name: "Carol Zhang", kind: "person" },
        { userId: "zhang", id: "7", name: "Guest", kind: "guest" },
        { userId: "gone", id: "8", name: "Zhang", kind: "person", active: false },
        { userId: "li", id: "5", name: "张", kind: "person" },
      ];
      const keys = (entries) => entries.map(({ key }) => key).join(" ");
      return [
        keys(userEntries({ users, channels, myId: "9", query: "zhang" })),
        matchingUsers(users, "zhangw").map(({ id }) => id).join(" "),
      ];
    """
    # The server has found the last one by pinyin.
    assert await run(pure_modules, script) == ["user:4 user:3 user:5", "4"]
