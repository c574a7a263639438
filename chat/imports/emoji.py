"""Finds the emoji that other systems call by names between colons."""

from __future__ import annotations

import re

from chat.custom_emoji_names import normalize_emoji_name
from chat.models import CustomEmoji
from chat.reaction_emoji import normalize_emoji

_TONE = re.compile(r"::skin-tone-([2-6])$")
_FIRST_TONE = 0x1F3FB
_MAX_NAME_LENGTH = 128
_MAX_KEPT = 10_000


class EmojiNames:
    """Emoji by their names, the site's own included."""

    def __init__(self) -> None:
        self._custom = frozenset(CustomEmoji.objects.values_list("name", flat=True))
        self._found: dict[str, str | None] = {}

    def find(self, text: str) -> str | None:
        """Return the emoji as reactions store it; None if the site has none of this name."""
        if len(text) > _MAX_NAME_LENGTH:
            return None
        if text not in self._found:
            if len(self._found) >= _MAX_KEPT:
                self._found.clear()
            self._found[text] = normalize_emoji(text) or self._by_name(text)
        return self._found[text]

    def _by_name(self, text: str) -> str | None:
        # The library takes 8 MB.
        import emoji

        name = text.strip(":")
        tone = _TONE.search(name)
        if tone is not None:
            name = name[: tone.start()]
        shown = emoji.emojize(f":{name}:", language="alias")
        if tone is not None and (toned := normalize_emoji(shown + chr(_FIRST_TONE + int(tone[1]) - 2))):
            return toned
        custom = normalize_emoji_name(name)
        return normalize_emoji(shown) or (f":{custom}:" if custom in self._custom else None)
