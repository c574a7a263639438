"""The loaded part of a long member list stays loaded and in order while members change."""

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

# A group of 250 users, answered a hundred at a time; `seen` is the page's list after a step.
_PRELUDE = """async () => {
  const { MemberLoader } = await import("/static/js/net/member-loader.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const group = Array.from({ length: 250 }, (_, at) => ({ id: String(at + 1), name: `P${at + 1}`, role: "member" }));
  const socket = {};
  socket.request = async (cmd, { after, limit }) => {
    const rest = group.filter(({ id }) => Number(id) > Number(after ?? 0)).map((member) => ({ ...member }));
    await new Promise((done) => setTimeout(done));
    return { members: rest.slice(0, limit), hasMore: rest.length > limit };
  };
  const store = new Store();
  const loader = new MemberLoader({ socket, store });
  const seen = () => {
    const { members, hasMore } = store.members.get("7");
    return [members.length, new Set(members.map(({ id }) => id)).size, hasMore];
  };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_loaded_members_are_kept_when_members_join_or_leave(modules: Page) -> None:
    script = """
      await loader.load("7"); const first = seen();
      await loader.load("7", true); const further = seen();
      group.find(({ id }) => id === "120").role = "admin";
      await loader.load("7"); const changed = seen();
      const { role } = store.members.get("7").members[119];
      await loader.load("7", true); const whole = seen();
      group.splice(99, 1);
      await loader.load("7");
      return [first, further, changed, role, whole, seen()];"""
    assert await run(modules, script) == [
        [100, 100, True],
        [200, 200, True],
        [200, 200, True],
        "admin",
        [250, 250, False],
        [249, 249, False],
    ]


async def test_a_change_while_loading_neither_drops_nor_restores_members(modules: Page) -> None:
    script = """
      await loader.load("7");
      const more = loader.load("7", true);
      group.splice(4, 1);
      await Promise.all([more, loader.load("7")]);
      const names = store.members.get("7").members.map(({ name }) => name);
      return [names.length, names.includes("P5"), names.includes("P101")];"""
    assert await run(modules, script) == [200, False, True]


async def test_a_failed_load_can_be_retried(modules: Page) -> None:
    script = """
      const { request } = socket;
      socket.request = async () => { throw new Error("lost"); };
      const failed = await loader.load("7").catch(({ message }) => message);
      socket.request = request;
      await loader.load("7");
      return [failed, seen()];"""
    assert await run(modules, script) == ["lost", [100, 100, True]]
