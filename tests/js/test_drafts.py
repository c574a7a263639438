"""Drafts and edits are kept for their user, and shared by all tabs of a browser."""

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
  const { Drafts } = await import("/static/js/state/drafts.js");
  const open = (userId = "1") => {
    const drafts = new Drafts(localStorage);
    drafts.load(userId);
    return drafts;
  };
  const drafts = open();
  const draft = (text) => ({ text, reply: null });
  const edit = (text, more = {}) => ({ id: "5", msg: "sent", text, isOpen: true, ...more });
  const count = (target, type) => {
    const counter = { events: 0 };
    target.addEventListener(type, () => counter.events++);
    return counter;
  };
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_draft_and_an_edit_do_not_replace_each_other(modules: Page) -> None:
    script = """
      drafts.set("9", draft("hello")); drafts.setEdit("9", edit("changed"));
      const later = open();
      return [later.get("9").text, later.openEdit("9").text, later.has("9"), later.has("8")];"""
    assert await run(modules, script) == ["hello", "changed", True, False]


async def test_another_user_gets_neither_drafts_nor_edits(modules: Page) -> None:
    script = """
      drafts.set("9", draft("mine")); drafts.setEdit("9", edit("mine"));
      drafts.load("11");
      const given = [drafts.get("9").text, drafts.openEdit("9"), drafts.has("9")];
      drafts.set("9", draft("theirs")); drafts.clear();
      return [...given, open().get("9").text, open().openEdit("9").text];"""
    assert await run(modules, script) == ["", None, False, "mine", "mine"]


async def test_the_names_are_those_of_drafts_and_open_edits(modules: Page) -> None:
    script = """
      drafts.set("7", draft("hello")); drafts.setEdit("8", edit("changed"));
      drafts.setEdit("9", edit("changed", { isOpen: false })); drafts.set("thread:5", draft("an answer"));
      const names = [...drafts.names()].sort();
      return [names, ["7", "8", "9", "thread:5"].filter((name) => drafts.has(name))];"""
    names, known = await run(modules, script)
    assert names == known == ["7", "8", "thread:5"]


async def test_an_edit_that_was_left_is_kept_but_not_shown(modules: Page) -> None:
    script = """
      drafts.setEdit("9", edit("changed")); drafts.setEdit("9", edit("changed", { isOpen: false }));
      return [drafts.openEdit("9"), drafts.editOf("9", "5").text, drafts.has("9")];"""
    assert await run(modules, script) == [None, "changed", False]


async def test_an_open_edit_closes_the_others_of_its_channel(modules: Page) -> None:
    script = """
      drafts.setEdit("9", edit("first")); drafts.setEdit("8", edit("elsewhere"));
      drafts.setEdit("9", edit("second", { id: "6" }));
      return [drafts.openEdit("9").id, drafts.editOf("9", "5").text, drafts.openEdit("8").text];"""
    assert await run(modules, script) == ["6", "first", "elsewhere"]


@pytest.mark.parametrize("end", ["setEdit('9', edit('sent'))", "removeEdit('9', '5')", "clear()"])
async def test_an_edit_that_changes_nothing_or_has_ended_is_removed(modules: Page, end: str) -> None:
    script = (
        f"drafts.setEdit('9', edit('changed')); drafts.{end}; return [drafts.editOf('9', '5'), localStorage.length];"
    )
    assert await run(modules, script) == [None, 0]


async def test_the_text_of_an_edit_outlives_its_message(modules: Page) -> None:
    script = """
      drafts.set("9", draft("hello")); drafts.setEdit("9", edit("changed")); drafts.rescueEdit("9", "5");
      drafts.setEdit("8", edit("left", { isOpen: false })); drafts.rescueEdit("8", "5"); drafts.rescueEdit("7", "5");
      return [drafts.get("9").text, drafts.editOf("9", "5"), drafts.has("8"), drafts.has("7")];"""
    assert await run(modules, script) == ["hello\nchanged", None, False, False]


async def test_another_tabs_changes_are_reported(modules: Page) -> None:
    script = """
      const changes = count(drafts, "changed-elsewhere");
      const emptied = count(drafts, "emptied");
      return ["im.draft.1.9", "im.edits.1.9", "im.draft.2.9", "im.theme", null].map((key) => {
        drafts.onStorageChange({ key });
        return [changes.events, emptied.events];
      });"""
    assert await run(modules, script) == [[1, 0], [2, 0], [2, 0], [2, 0], [2, 1]]


async def test_only_a_first_or_last_text_changes_the_marks_of_channels(modules: Page) -> None:
    script = """
      const changes = count(drafts, "change");
      const after = ["h", "he", "", " "].map((text) => { drafts.set("9", draft(text)); return changes.events; });
      return after;"""
    assert await run(modules, script) == [1, 1, 2, 2]


async def test_text_outlives_a_full_storage_while_the_page_is_open(modules: Page) -> None:
    script = """
      drafts.set("9", draft("short"));
      const setItem = Storage.prototype.setItem;
      Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
      drafts.set("9", draft("longer")); drafts.setEdit("9", edit("changed"));
      const full = [drafts.get("9").text, drafts.openEdit("9").text];
      drafts.set("8", draft("gone")); drafts.set("8", draft(""));
      Storage.prototype.setItem = setItem;
      drafts.set("9", draft("longest"));
      return [...full, drafts.has("8"), open().get("9").text];"""
    assert await run(modules, script) == ["longer", "changed", False, "longest"]


async def test_a_damaged_entry_counts_as_none(modules: Page) -> None:
    script = """
      localStorage.setItem("im.draft.1.9", "{"); localStorage.setItem("im.edits.1.9", "5");
      return [drafts.get("9").text, drafts.openEdit("9"), drafts.has("9")];"""
    assert await run(modules, script) == ["", None, False]


async def test_all_drafts_are_listed_and_can_be_discarded(modules: Page) -> None:
    script = """
      const listed = () => drafts.list().map(({ target, threadId, text }) => [target, threadId, text]).sort();
      drafts.set("9", draft("hello")); drafts.set("thread:4", { ...draft("answer"), target: "8" });
      drafts.set("7", draft("kept")); drafts.setEdit("7", edit("changed"));
      drafts.setEdit("6", edit("left", { isOpen: false }));
      const all = listed(), texts = count(drafts, "text");
      for (const name of ["9", "thread:4", "7"]) drafts.discard(name);
      return [all, listed(), texts.events];"""
    before = [["7", "", "changed"], ["8", "4", "answer"], ["9", "", "hello"]]
    assert await run(modules, script) == [before, [["7", "", "kept"]], 3]
