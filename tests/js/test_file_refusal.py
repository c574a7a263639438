"""Dropped files and pasted pictures are answered, and never replace the page."""

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

_SENTENCE = "Files and pictures cannot be sent yet. Send a link instead."
_TRY = """async ({ type, data, field }) => {
  document.body.innerHTML = '<div id="toast" popover="manual"></div>' +
    '<textarea></textarea><textarea disabled></textarea><input type="checkbox">';
  const { refuseFiles } = await import("/static/js/widgets/file-refusal.js");
  if (!window.isRefusing) refuseFiles();
  window.isRefusing = true;
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
  return [event.defaultPrevented, document.querySelector("#toast").textContent];
}"""


@pytest.mark.parametrize(
    ("type", "data", "field", "expected"),
    [
        ("drop", ["file"], "", [True, _SENTENCE]),
        ("drop", ["file"], "textarea", [True, _SENTENCE]),
        # A picture from another page has an address as well.
        ("drop", ["file", "text/uri-list"], "textarea", [True, _SENTENCE]),
        ("dragover", ["file"], "", [True, ""]),
        ("dragover", ["file"], "textarea", [True, ""]),
        ("drop", ["text/uri-list"], "", [True, ""]),
        ("dragover", ["text/uri-list"], "", [True, ""]),
        ("drop", ["text/plain"], "textarea", [False, ""]),
        ("dragover", ["text/plain"], "textarea", [False, ""]),
        # A browser would open a link that is dropped on a field which takes no text.
        ("dragover", ["text/uri-list"], "textarea:disabled", [True, ""]),
        ("drop", ["text/plain"], "textarea:disabled", [True, ""]),
        ("drop", ["text/uri-list"], "input", [True, ""]),
        ("paste", ["file"], "textarea", [True, _SENTENCE]),
        ("paste", ["file", "text/html"], "", [True, _SENTENCE]),
        # Cells of a table come as text with a picture.
        ("paste", ["file", "text/plain"], "textarea", [False, ""]),
        ("paste", ["text/plain"], "textarea", [False, ""]),
    ],
)
async def test_files_are_answered_and_text_is_taken(
    modules: Page, type: str, data: list[str], field: str, expected: list[Any]
) -> None:
    assert await modules.evaluate(_TRY, {"type": type, "data": data, "field": field}) == expected
