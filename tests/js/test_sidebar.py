"""The sidebar has sections, which the user sorts and collapses; the page remembers it for each user."""

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
  const { SidebarLayouts } = await import("/static/js/state/sidebar-layout.js");
  const layouts = new SidebarLayouts(localStorage);
  layouts.load("1");
  const channel = (target, kind, name, more = {}) => ({ target, kind, name, unread: 0, activeAt: 0, ...more });
  const channels = [
    channel("1", "global", "Web"),
    channel("2", "public", "Zebras", { activeAt: 9 }),
    channel("3", "public", "Apples", { activeAt: 5, unread: 1 }),
    channel("4", "private", "Bob", { activeAt: 7, unread: 2, notifications: { level: "default", muted: true } }),
    channel("5", "public", "Books", { starred: true }),
  ];
  const sections = (filter = "", currentTarget = null) =>
    channelSections({ channels, currentTarget, layout: layouts.current, filter })
      .map(({ name, channels }) => `${name}: ${channels.map(({ target }) => target).join(" ")}`);
  %s
}"""


async def run(page: Page, script: str) -> Any:
    return await page.evaluate(_PRELUDE % script)


async def test_sections_are_sorted_by_activity_or_name(modules: Page) -> None:
    script = "const first = sections(); layouts.setSort('name'); return [first, sections(), sections(' B')];"
    assert await run(modules, script) == [
        ["favourites: 5", "channels: 1 2 3", "direct: 4"],
        ["favourites: 5", "channels: 1 3 2", "direct: 4"],
        ["channels: 1 4 5 2"],
    ]


async def test_a_collapsed_section_shows_what_is_unread_or_open(modules: Page) -> None:
    script = """
      layouts.toggle("channels"); layouts.toggle("direct");
      const collapsed = [sections(), sections("", "2")];
      layouts.toggle("direct");
      return [...collapsed, sections()];"""
    assert await run(modules, script) == [
        ["favourites: 5", "channels: 3", "direct: "],
        ["favourites: 5", "channels: 2 3", "direct: "],
        ["favourites: 5", "channels: 3", "direct: 4"],
    ]


async def test_each_user_has_a_layout_of_their_own(modules: Page) -> None:
    script = """
      layouts.setSort("name"); layouts.toggle("direct");
      const later = new SidebarLayouts(localStorage);
      const of = (id) => { later.load(id); return later.current; };
      localStorage.setItem("im.sidebar.3", '{"sort": "odd", "collapsed": "direct"}');
      return [of("1"), of("2"), of("3")];"""
    default = {"sort": "latest", "collapsed": []}
    assert await run(modules, script) == [{"sort": "name", "collapsed": ["direct"]}, default, default]


async def test_a_single_section_has_no_heading_and_cannot_be_collapsed(modules: Page) -> None:
    script = "layouts.toggle('channels'); channels.splice(3); return sections();"
    assert await run(modules, script) == ["channels: 1 2 3"]


async def test_a_change_in_another_tab_shows_in_all(modules: Page) -> None:
    script = """
      let changes = 0; layouts.on("change", () => changes++);
      for (const key of ["im.sidebar.1", "im.sidebar.2", "im.draft.1.7", null]) layouts.onStorageChange({ key });
      return changes;"""
    assert await run(modules, script) == 2
