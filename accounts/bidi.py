"""Text in any direction that stands within other text. Pure: no Django, no database."""

from __future__ import annotations

import re

_FIRST_STRONG_ISOLATE = "\u2068"
_ISOLATES = "\u2066\u2067\u2068"
_POP_ISOLATE = "\u2069"
_AFFECTS_ORDER = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Controls of direction, and letters that are written from right to left."""


def isolate(text: str) -> str:
    """Return the text so that it does not change the order of the text around it.

    Direction controls that it opens end with it, and it ends none that were opened before. Text from left to right
    without such controls is returned unchanged. Templates use `<bdi>` instead.
    """
    if not _AFFECTS_ORDER.search(text):
        return text
    depth = 1
    isolated = _FIRST_STRONG_ISOLATE
    for char in text:
        if char == _POP_ISOLATE and depth == 1:
            continue
        depth += (char in _ISOLATES) - (char == _POP_ISOLATE)
        isolated += char
    return isolated + _POP_ISOLATE * depth
