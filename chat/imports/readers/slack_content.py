"""The parts of a Slack message that have text: its text, blocks and attachments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chat.webhooks.incoming.slack_text import bold, link, literal

_Json = dict[str, Any]
Markdown = Callable[[str], str]
"""Turns Slack's syntax into the site's."""


def content_text(message: _Json, markdown: Markdown) -> str:
    """Return the text of a message in the site's syntax. Blocks count only where it has no text of its own."""
    own = markdown(_text(message, "text")) or _blocks(message, markdown)
    return _lines([own, *(_attachment(part, markdown) for part in _objects(message, "attachments"))])


def _attachment(part: _Json, markdown: Markdown) -> str:
    title, address = bold(_text(part, "title")), _text(part, "title_link")
    if title and address:
        title = f"**{link(title[2:-2], address, is_escaped=True)}**"
    fields = (
        _lines([bold(_text(field, "title")), markdown(_text(field, "value"))]) for field in _objects(part, "fields")
    )
    shown = [markdown(_text(part, "pretext")), title, markdown(_text(part, "text")), *fields, _blocks(part, markdown)]
    return _lines(shown) or markdown(_text(part, "fallback"))


def _blocks(part: _Json, markdown: Markdown) -> str:
    return _lines(_block(block, markdown) for block in _objects(part, "blocks"))


def _block(block: _Json, markdown: Markdown) -> str:
    match block.get("type"):
        case "header":
            return bold(_text(block.get("text"), "text"))
        case "section":
            texts = (block.get("text"), *_objects(block, "fields"))
            return _lines(_shown(text, markdown) for text in texts)
        case "context":
            return " ".join(filter(None, (_shown(element, markdown) for element in _objects(block, "elements"))))
        case "rich_text":
            return _lines("".join(_rich(element)) for element in _objects(block, "elements"))
    return ""


def _shown(text: object, markdown: Markdown) -> str:
    raw = _text(text, "text")
    return literal(raw) if _text(text, "type") == "plain_text" else markdown(raw)


def _rich(element: _Json) -> Iterator[str]:
    """Yield the texts and addresses of a part of a rich text, without their formatting."""
    inner = _objects(element, "elements")
    for part in inner:
        yield from _rich(part)
        if element.get("type") == "rich_text_list":
            yield "\n"
    if not inner:
        text = _text(element, "text")
        yield literal(text) if text else _text(element, "url")


def _text(part: object, name: str) -> str:
    """Return the text of this name; empty without one, as apps may send anything."""
    value = part.get(name) if isinstance(part, dict) else None
    return str(value) if isinstance(value, str | int | float) else ""


def _objects(part: _Json, name: str) -> list[_Json]:
    values = part.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _lines(parts: Iterable[str]) -> str:
    """Return the parts that have text, each on lines of its own."""
    return "\n".join(part.strip("\n") for part in parts if part.strip())
