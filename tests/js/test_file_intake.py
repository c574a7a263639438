"""Dropped and pasted files are taken or refused with a reason, and never replace the page."""

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

_REFUSAL = "Guests cannot send files."
_TRY = """async ({ type, data, field, refusal }) => {
  document.body.innerHTML = '<div id="toast" popover="manual"></div><button id="attach-button"></button>' +
    '<input id="attach-input" type="file"><div id="drop-zone" hidden></div>' +
    '<textarea></textarea><textarea disabled></textarea><input type="checkbox">' +
    '<div id="thread"><textarea class="inner"></textarea><button id="thread-attach-button"></button>' +
    '<input id="thread-attach-input" type="file"><div id="thread-drop-zone" hidden></div></div>';
  const { FileIntake } = await import("/static/js/widgets/file-intake.js");
  const taken = [];
  const add = (files) => taken.push(...files.map(({ name }) => name));
  const intake = new FileIntake({ refusal: () => refusal, add });
  const addToThread = (files) => taken.push(...files.map(({ name }) => `thread: ${name}`));
  intake.addArea(document.querySelector("#thread"), { refusal: () => "", add: addToThread }, "thread-");
  const transfer = new DataTransfer();
  for (const kind of data) {
    if (kind === "file") transfer.items.add(new File(["x"], "picture.png", { type: "image/png" }));
    else transfer.setData(kind, "https://chat.example/");
  }
  const options = { bubbles: true, cancelable: true };
  const event = type === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent(type, { ...options, dataTransfer: transfer });
  document.querySelector(field || "body").dispatchEvent(event);
  return [event.defaultPrevented, taken.join() || document.querySelector("#toast").textContent];
}"""
_TAKEN = "picture.png"


@pytest.mark.parametrize(
    ("type", "data", "field", "expected"),
    [
        ("drop", ["file"], "", [True, _TAKEN]),
        ("drop", ["file"], "textarea", [True, _TAKEN]),
        # A picture from another page has an address as well.
        ("drop", ["file", "text/uri-list"], "textarea", [True, _TAKEN]),
        ("dragover", ["file"], "", [True, ""]),
        ("dragover", ["file"], "textarea", [True, ""]),
        ("drop", ["text/uri-list"], "", [True, ""]),
        ("dragover", ["text/uri-list"], "", [True, ""]),
        ("drop", ["text/plain"], "textarea", [False, ""]),
        ("dragover", ["text/plain"], "textarea", [False, ""]),
        # A browser would open a link that is dropped on a field which takes no text.
        ("dragover", ["text/uri-list"], "textarea:disabled", [True, ""]),
        ("drop", ["text/plain"], "textarea:disabled", [True, ""]),
        ("drop", ["text/uri-list"], "input[type=checkbox]", [True, ""]),
        ("paste", ["file"], "textarea", [True, _TAKEN]),
        ("paste", ["file"], ".inner", [True, f"thread: {_TAKEN}"]),
        ("drop", ["file"], ".inner", [True, f"thread: {_TAKEN}"]),
        ("paste", ["file", "text/html"], "", [True, _TAKEN]),
        # Cells of a table come as text with a picture.
        ("paste", ["file", "text/plain", "text/html"], "textarea", [False, ""]),
        ("paste", ["file", "text/plain", "text/rtf"], "textarea", [False, ""]),
        # A copied file comes with its name.
        ("paste", ["file", "text/plain"], "textarea", [True, _TAKEN]),
        ("paste", ["text/plain"], "textarea", [False, ""]),
    ],
)
async def test_files_are_taken_and_text_stays_with_its_field(
    modules: Page, type: str, data: list[str], field: str, expected: list[Any]
) -> None:
    given = {"type": type, "data": data, "field": field, "refusal": ""}
    assert await modules.evaluate(_TRY, given) == expected


@pytest.mark.parametrize("type", ["drop", "paste"])
async def test_files_are_refused_with_a_reason_where_none_can_be_sent(modules: Page, type: str) -> None:
    given = {"type": type, "data": ["file"], "field": "", "refusal": _REFUSAL}
    assert await modules.evaluate(_TRY, given) == [True, _REFUSAL]


async def test_the_drop_zone_is_shown_while_files_are_dragged_where_they_can_be_sent(modules: Page) -> None:
    script = _TRY.replace("return [", "return document.querySelector('#drop-zone').hidden; return [")
    given = {"type": "dragover", "data": ["file"], "field": "", "refusal": ""}
    assert await modules.evaluate(script, given) is False
    assert await modules.evaluate(script, {**given, "refusal": _REFUSAL}) is True
    assert await modules.evaluate(script, {**given, "data": ["text/uri-list"]}) is True
