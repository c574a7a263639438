"""The sidebar has sections, favourites and the user's own among them, which the user sorts, arranges and collapses."""

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
  const { channelSections } = await import("/static/js/state/channel-sections.js");
  const { CollapsedSections } = await import("/static/js/state/collapsed-sections.js");
  const own = await import("/static/js/state/own-sections.js");
  const collapsed = new CollapsedSections(localStorage);
  collapsed.load("1");
  const read = { unread: 0, mentions: 0, activeAt: 0 };
  const channel = (target, kind, name, more = {}) => ({ target, kind, name, ...read, ...more });
  const channels = [
    channel("1", "global", "Web"),
    channel("2", "public", "Zebras", { activeAt: 9 }),
    channel("3", "public", "Apples", { activeAt: 5, unread: 1 }),
    channel("4", "private", "Bob", { activeAt: 7, unread: 2, notifications: { level: "default", muted: true } }),
    channel("5", "public", "Books", { starred: true }),
  ];
  const arrangement = { revision: 1, sort: "latest", sections: [] };
  const sections = (filter = "", currentTarget = null) =>
    channelSections({ channels, currentTarget, arrangement, collapsed: collapsed.keys, filter })
      .map(({ key, channels }) => `${key}: ${channels.map(({ target }) => target).join(" ")}`);
  %s
}"""


async def run(page: Page, script: str) -> Any:
    return await page.evaluate(_PRELUDE % script)


async def test_sections_are_sorted_by_activity_name_or_unread(modules: Page) -> None:
    script = """
      const sorted = (sort) => { arrangement.sort = sort; return sections(); };
      return [sorted("latest"), sorted("name"), sorted("unread"), sections(" B")];"""
    assert await run(modules, script) == [
        ["favourites: 5", "channels: 1 2 3", "direct: 4"],
        ["favourites: 5", "channels: 1 3 2", "direct: 4"],
        ["favourites: 5", "channels: 3 1 2", "direct: 4"],
        ["channels: 1 2 4 5"],
    ]


async def test_own_sections_keep_their_order_between_favourites_and_the_others(modules: Page) -> None:
    script = """
      arrangement.sections = [{ name: "Zoo", channels: ["4", "9", "5", "2"] }, { name: "channels", channels: [] }];
      return [sections(), sections("zeb")];"""
    assert await run(modules, script) == [
        ["favourites: 5", "own:Zoo: 4 2", "own:channels: ", "channels: 1 3"],
        ["channels: 2"],
    ]


async def test_a_collapsed_section_shows_what_is_unread_or_open(modules: Page) -> None:
    script = """
      collapsed.toggle("channels"); collapsed.toggle("direct");
      const first = [sections(), sections("", "2")];
      collapsed.toggle("direct");
      return [...first, sections()];"""
    assert await run(modules, script) == [
        ["favourites: 5", "channels: 3", "direct: "],
        ["favourites: 5", "channels: 2 3", "direct: "],
        ["favourites: 5", "channels: 3", "direct: 4"],
    ]


async def test_each_user_has_collapsed_sections_of_their_own(modules: Page) -> None:
    script = """
      localStorage.setItem("im.sidebar.1", '{"sort": "name", "collapsed": []}');
      localStorage.setItem("im.sidebar.3", '{"sort": "odd", "collapsed": "direct"}');
      collapsed.toggle("direct");
      const later = new CollapsedSections(localStorage);
      const of = (id) => { later.load(id); return [later.storedSort, later.keys]; };
      const first = [of("1"), of("2"), of("3")];
      later.load("1"); later.forgetSort();
      return [...first, of("1")];"""
    default: list[Any] = [None, []]
    assert await run(modules, script) == [["name", ["direct"]], default, default, [None, ["direct"]]]


async def test_a_single_section_has_no_heading_and_cannot_be_collapsed(modules: Page) -> None:
    script = "collapsed.toggle('channels'); channels.splice(3); return sections();"
    assert await run(modules, script) == ["channels: 1 2 3"]


async def test_a_change_in_another_tab_shows_in_all(modules: Page) -> None:
    script = """
      let changes = 0; collapsed.on("change", () => changes++);
      for (const key of ["im.sidebar.1", "im.sidebar.2", "im.draft.1.7", null]) collapsed.onStorageChange({ key });
      return changes;"""
    assert await run(modules, script) == 2


async def test_own_sections_change_by_pure_functions(modules: Page) -> None:
    script = """
      const before = [{ name: "a", channels: ["1", "2", "3"] }, { name: "b", channels: ["4"] }];
      const text = (sections) => sections.map(({ name, channels }) => `${name}:${channels.join("")}`).join(" ");
      const isShown = (target) => target !== "2";
      return [
        own.withSection(before, "c"), own.withSectionRenamed(before, "a", "A"), own.withoutSection(before, "a"),
        own.withSectionMoved(before, "b", -1), own.withSectionMoved(before, "b", 1),
        own.withChannelIn(before, "1", "b"), own.withChannelIn(before, "4", null), own.withChannelIn(before, "9", "b"),
        own.withChannelMoved(before, "3", -1, isShown), own.withChannelMoved(before, "1", 1, isShown),
        own.withChannelMoved(before, "3", 1, isShown), before,
      ].map(text);"""
    assert await run(modules, script) == [
        *("a:123 b:4 c:", "A:123 b:4", "b:4", "b:4 a:123", "a:123 b:4"),
        *("a:23 b:41", "a:123 b:", "a:123 b:49"),
        *("a:312 b:4", "a:231 b:4", "a:123 b:4", "a:123 b:4"),
    ]


_ARRANGED = """async (replies) => {
  const { ChatApi } = await import("/static/js/net/chat-api.js");
  const { RequestError } = await import("/static/js/net/protocol.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const sent = [];
  const request = async (cmd, data) => {
    sent.push([cmd, data]);
    const reply = replies.shift();
    if (typeof reply === "string") throw new RequestError(1009, "", {}, reply);
    return reply;
  };
  const store = new Store();
  const api = new ChatApi({ request }, store);
  const added = (name) => ({ sections }) => ({ sections: [...sections, { name, channels: [] }] });
  const add = (name) => api.arrangeSidebar(added(name)).then(() => "done", ({ reason }) => reason);
  const ended = await Promise.all([add("a"), add("b")]);
  const names = (sections = []) => sections.map(({ name }) => name);
  const requests = sent.map(([cmd, data]) => [cmd, data?.revision ?? null, names(data?.sections)]);
  return [ended, requests, store.sidebar.revision];
}"""


def _arranged(revision: int, *names: str) -> dict[str, Any]:
    return {"revision": revision, "sort": "latest", "sections": [{"name": name, "channels": []} for name in names]}


async def test_a_change_that_meets_another_devices_is_made_to_what_that_has_left(modules: Page) -> None:
    replies = ["sidebar_changed", _arranged(7, "other"), _arranged(8, "other", "a"), _arranged(9, "other", "a", "b")]
    assert await modules.evaluate(_ARRANGED, replies) == [
        ["done", "done"],
        [
            ["sidebar.change", 0, ["a"]],
            ["sidebar.get", None, []],
            ["sidebar.change", 7, ["other", "a"]],
            ["sidebar.change", 8, ["other", "a", "b"]],
        ],
        9,
    ]


async def test_a_refused_change_stops_no_later_one(modules: Page) -> None:
    replies = ["section_limit_reached", _arranged(1, "b")]
    assert (await modules.evaluate(_ARRANGED, replies))[0] == ["section_limit_reached", "done"]


_MOVE = """async ([stored, kind, revision, failure]) => {
  const { moveStoredSort } = await import("/static/js/page/sort-move.js");
  const { CollapsedSections } = await import("/static/js/state/collapsed-sections.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const { DisconnectedError } = await import("/static/js/net/protocol.js");
  const collapsed = new CollapsedSections(localStorage);
  collapsed.load("1");
  localStorage.setItem("im.sidebar.1", JSON.stringify(stored));
  const session = new Emitter();
  const changes = [];
  const arrangeSidebar = async (change) => {
    if (failure) throw new DisconnectedError("");
    changes.push(change({ revision, sort: "latest", sections: [] }));
  };
  moveStoredSort({ session, store: { me: { kind } }, api: { arrangeSidebar }, collapsed });
  session.emit("loaded");
  await new Promise((resolve) => setTimeout(resolve));
  return [changes, JSON.parse(localStorage.getItem("im.sidebar.1"))];
}"""


async def test_the_order_that_a_browser_kept_moves_to_the_server_once(modules: Page) -> None:
    by_name, moved = {"sort": "name", "collapsed": ["direct"]}, {"collapsed": ["direct"]}
    for case, outcome in [
        ([by_name, "person", 0, False], [[{"sort": "name"}], moved]),
        ([by_name, "person", 3, False], [[None], moved]),
        ([by_name, "person", 0, True], [[], by_name]),
        ([by_name, "guest", 0, False], [[], by_name]),
        ([{"sort": "latest", "collapsed": ["direct"]}, "person", 0, False], [[], moved]),
    ]:
        assert await modules.evaluate(_MOVE, case) == outcome
