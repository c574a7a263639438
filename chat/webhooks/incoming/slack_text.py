"""Turns Slack's message syntax into the plain text that people read. Pure.

Senders that were written for Slack escape `&`, `<` and `>`, and put links and mentions between angle brackets.
"""

from __future__ import annotations

import re

from accounts.visible_text import has_visible_text

_LINK = r"(?:https?|ftp|mailto|tel):[^<>|\s]+"
_USER_OR_CHANNEL = "[@#][A-Z0-9]+"
_SPECIAL = r"!(?:here|channel|everyone|(?:subteam|date)\^[^<>|\n]+)"
_TOKEN = re.compile(rf"<({_LINK}|{_USER_OR_CHANNEL}|{_SPECIAL})(?:\|([^<>\n]*))?>", re.IGNORECASE)
"""A link or mention, with an optional label. Anything else between angle brackets stays as it is."""
_ENTITY = re.compile("&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}
_EVERYONE = {"!here": "@here", "!channel": "@channel", "!everyone": "@everyone"}
_HIDDEN_SCHEMES = ("mailto:", "tel:")
"""Schemes that people do not write before an address."""


def plain_text(text: str) -> str:
    """Return the text with links as `label (address)`, mentions as `@name` or `#name`, and without escapes."""
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts += [_unescape(text[end : token.start()]), _shown(_unescape(token[1]), _label(token[2] or ""))]
        end = token.end()
    return "".join([*parts, _unescape(text[end:])])


def _shown(target: str, label: str) -> str:
    if target[0] in "@#":
        return target[0] + (label or target[1:]).removeprefix(target[0])
    if target[0] == "!":
        return _EVERYONE.get(target.lower()) or label or target.partition("^")[2] or target
    scheme = next((scheme for scheme in _HIDDEN_SCHEMES if target.lower().startswith(scheme)), "")
    address = target[len(scheme) :]
    names_address = label.rstrip("/") in ("", *(part.rstrip("/") for part in (address, address.partition("://")[2])))
    return address if names_address else f"{label} ({address})"


def _label(text: str) -> str:
    """Return a label as people read it, empty if it shows nothing."""
    label = _unescape(text).strip()
    return label if has_visible_text(label) else ""


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda entity: _CHARACTERS[entity[1]], text)
