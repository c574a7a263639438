"""What a name may look like, and when two names are the same. Pure: no Django, no database.

Names are kept and shown byte for byte as they were given; only their *key* is compared.
"""

from __future__ import annotations

import unicodedata

GUEST_NAME_LIMIT = 19
"""Longest guest name in characters: 20 and more are refused by the wire protocol."""
USER_NAME_LIMIT = 64
KEY_LIMIT = 256
"""Longest key: one character may become eighteen when normalised."""
GUEST_PREFIX = "~"
"""First character of a guest's internal user name; an account's name never begins with it."""


class BadName(ValueError):
    """The name cannot be used; the text says why, for the person who chose it."""


def name_key(name: str) -> str:
    """The form in which names are compared: NFKC, case folded, so that look-alikes by width or case are one name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def check_name(name: str, *, limit: int) -> str:
    """Return `name` unchanged if it may be shown to people, else raise BadName.

    Refused: empty or blank names, names longer than `limit` characters, control, format (bidirectional marks,
    zero-width characters), private-use and unassigned characters, line separators, blanks at either end.
    """
    if not name or not name.strip():
        raise BadName("A name must not be empty.")
    if len(name) > limit:
        raise BadName(f"A name has at most {limit} characters.")
    if name != name.strip():
        raise BadName("A name must not begin or end with a blank.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for char in name):
        raise BadName("A name must not contain invisible or control characters.")
    if not name_key(name).strip():
        raise BadName("A name needs at least one visible character.")
    return name
