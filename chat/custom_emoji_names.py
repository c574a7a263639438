"""Names of custom emoji, which users write between colons."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from chat.models.emoji import NAME_LIMIT

_NAME = re.compile(r"[^\W_][\w+-]*")
"""Letters and digits of any script, underscores, and the marks that names of standard emoji have."""
_LETTER = re.compile(r"[^\W\d_]")
"""Without one, a name would be found in times such as 10:30:15."""


def normalize_emoji_name(text: str) -> str | None:
    """Return the name of an emoji in the form in which it is stored. Colons around it are dropped.

    None for a text that cannot be a name.
    """
    name = unicodedata.normalize("NFKC", text).lower().removeprefix(":").removesuffix(":")
    if len(name) > NAME_LIMIT or _NAME.fullmatch(name) is None or _LETTER.search(name) is None:
        return None
    # Faces such as :D: are no names.
    return None if len(name) == 1 and name.isascii() else name


def name_between_colons(text: str) -> str | None:
    """Return the name in a text that consists of a name between colons; None for any other."""
    is_enclosed = len(text) > 2 and text.startswith(":") and text.endswith(":")
    return normalize_emoji_name(text) if is_enclosed else None


def is_standard_name(name: str) -> bool:
    """Return whether a standard emoji has this name, in English or Chinese, so that it stands for that one."""
    return name in _standard_names()


@cache
def _standard_names() -> frozenset[str]:
    # Loaded when an operator adds the first emoji: the table takes 8 MB.
    import emoji

    emoji.config.load_language("zh")
    texts = (
        text
        for facts in emoji.EMOJI_DATA.values()
        for text in (facts["en"], facts.get("zh", ""), *facts.get("alias", ()))
    )
    return frozenset(text.strip(":").lower() for text in texts)
