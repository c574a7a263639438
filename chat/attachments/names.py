"""Names of files as users see them. They come from clients, and name nothing on this machine."""

from __future__ import annotations

import os
import re
import unicodedata

from accounts.visible_text import has_visible_text

MAX_LENGTH = 200
_NAMELESS = "file"
_MAX_EXTENSION_LENGTH = 20
_JOINERS = "\u200c\u200d"
"""Format characters that emoji and words of several scripts need."""
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def display_name(name: str) -> str:
    """Return the last part of a path as it is shown and stored, of at most MAX_LENGTH characters.

    Control and direction characters are removed, so that `evil<RLO>gnp.exe` shows its true ending. A name of which
    nothing is left becomes `file`.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(
        char
        for char in last
        if char in _JOINERS or unicodedata.category(char) not in _HIDDEN_CATEGORIES or char == "\t"
    )
    shown = " ".join(shown.split())
    if not has_visible_text(shown) or not shown.strip("."):
        return _NAMELESS
    if len(shown) > MAX_LENGTH:
        stem, extension = os.path.splitext(shown)
        extension = extension if len(extension) <= _MAX_EXTENSION_LENGTH else ""
        shown = stem[: MAX_LENGTH - len(extension)] + extension
    return shown
