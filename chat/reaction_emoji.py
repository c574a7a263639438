"""Checks the emoji of a reaction."""

from __future__ import annotations

from functools import cache

from chat.models.emoji import NAME_LIMIT

_VARIATION_SELECTOR = "\ufe0f"
"""Asks for the coloured form of a character. Keyboards differ in whether they send it."""
MAX_CHARACTERS = NAME_LIMIT + 2
"""Longer texts are refused unread. The longest emoji of Unicode 17 has ten; a custom one is a name and two colons."""


def normalize_emoji(text: str) -> str | None:
    """Return the emoji in the form that Unicode recommends, so that equal ones are counted together.

    None for a text that is not exactly one emoji.
    """
    return _forms().get(text.replace(_VARIATION_SELECTOR, "")) if len(text) <= MAX_CHARACTERS else None


@cache
def _forms() -> dict[str, str]:
    """Return the recommended form of each emoji by its form without variation selectors."""
    # Loaded at the first reaction: the table takes 8 MB.
    import emoji

    recommended = emoji.STATUS["fully_qualified"]
    return {
        form.replace(_VARIATION_SELECTOR, ""): form
        for form, facts in emoji.EMOJI_DATA.items()
        if facts["status"] == recommended
    }
