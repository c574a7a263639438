"""Checks whether a text has visible characters. Pure.

A character shows nothing if it is white space, a separator, a control, format, private-use or unassigned character,
default-ignorable, or a blank sign of a script or notation, such as the blank Braille pattern. The page follows the same
table (`static/js/lib/visible-text.js`).
"""

from __future__ import annotations

import re

from accounts.character_table import INVISIBLE


def character_class(ranges: str) -> str:
    """Return the inside of a regular expression's `[…]` for ranges of `accounts.character_table`."""
    spans = [span.split("-") for span in ranges.split()]
    return "".join("-".join(re.escape(chr(int(code, 16))) for code in span) for span in spans)


INVISIBLE_CLASS = character_class(INVISIBLE)
# Most texts contain ASCII, which the first part finds faster.
_VISIBLE = re.compile(f"[!-~]|[^{INVISIBLE_CLASS}]")


def has_visible_text(text: str) -> bool:
    """Return whether the text contains a character that can be seen."""
    return _VISIBLE.search(text) is not None
