"""What a name may look like, and when two names are the same. Pure: no Django, no database.

Names are kept and shown byte for byte as they were given; only their *key* is compared.
"""

from __future__ import annotations

import re
import unicodedata

from accounts.errors import AccountError

GUEST_NAME_LIMIT = 19
"""Longest guest name in characters: 20 and more are refused by the wire protocol."""
USER_NAME_LIMIT = 64
KEY_LIMIT = 256
"""Longest key: one character may become eighteen when normalised."""
GUEST_PREFIX = "~"
"""First character of a guest's internal user name; an account's name never begins with it."""

# Who is called so would be believed to speak for the site.
_OFFICIAL = frozenset(
    "system admin administrator root superuser sysadmin moderator staff support security official"
    " 系统 管理员 超级管理员 官方 客服".split()
)
# Words that mean something in mentions, addresses and programs.
_WORDS = frozenset(
    "all everyone here channel me nobody null none undefined anonymous guest api bot service external import".split()
)

_SELECTORS = re.compile("[\ufe0e\ufe0f]")
"""Text and emoji variation selectors: they ask for a picture after a symbol and are invisible elsewhere."""
# Invisible without being of a "format" category: fillers, joiners, variation selectors, the blank Braille pattern.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0d\U000e0100-\U000e01ef]"
)
_MARKS_IN_A_ROW = 4
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ALIKE_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
"""Scripts with letters that look the same in each other; no word of a unique name mixes them."""


class BadName(AccountError):
    """The name cannot be used; the text says why, for the person who chose it."""

    field = "username"


class BadNickname(BadName):
    """The same of a nickname."""

    field = "nickname"


def name_key(name: str) -> str:
    """The form in which names are compared: NFKC, case folded, so that look-alikes by width or case are one name."""
    key = unicodedata.normalize("NFKD", _SELECTORS.sub("", name)).casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold())


def is_storable(text: str) -> bool:
    """False for text that no database row can hold (NUL, lone surrogates), so nothing needs to be looked up."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def check_name(name: str, *, limit: int) -> str:
    """Return `name` unchanged if it may be shown to people, else raise BadName.

    Refused: empty or blank names, names longer than `limit` characters, control, format (bidirectional marks,
    zero-width characters), private-use, unassigned and otherwise invisible characters, line separators, heaps of
    combining marks, blanks at either end.
    """
    if not name or not name.strip():
        raise BadName("A name must not be empty.")
    if len(name) > limit:
        raise BadName("A name has at most %(limit)s characters.", limit=limit)
    if name != name.strip():
        raise BadName("A name must not begin or end with a blank.")
    if _hides_something(name):
        raise BadName("A name must not contain invisible or control characters.")
    _check_marks(name)
    key = name_key(name)
    if not key.strip():
        raise BadName("A name needs at least one visible character.")
    if len(key) > KEY_LIMIT:
        raise BadName("A name has at most %(limit)s characters.", limit=KEY_LIMIT)
    return name


def check_user_name(name: str, *, official: bool = False) -> str:
    """Return `name` if an account may be called so for good, else raise BadName.

    Besides the rules of all names: letters and digits of any script, `.`, `_` and `-` between them; so it can stand
    in an address, a mention or a list. Names that claim an office are refused, unless the account is `official`.
    """
    check_name(name, limit=USER_NAME_LIMIT)
    if not all(_is_word(char) for char in name + name_key(name)):
        raise BadName("A user name consists of letters, digits, dots, hyphens and underscores.")
    if not (name[0].isalnum() and (name[-1].isalnum() or unicodedata.category(name[-1])[0] == "M")):
        raise BadName("A user name begins and ends with a letter or a digit.")
    _check_scripts(name)
    if not official and _without_signs(name) in _OFFICIAL | _WORDS:
        raise BadName("This name is reserved.")
    return name


def check_guest_name(name: str) -> str:
    """Return `name` if a guest may be shown under it, else raise BadName. Whether an account has it is not asked."""
    check_name(name, limit=GUEST_NAME_LIMIT)
    _check_scripts(name)
    if _without_signs(name) in _OFFICIAL:
        raise BadName("This name is reserved.")
    return name


def check_nickname(name: str) -> str:
    """Return `name` if an account may show it, else raise BadNickname. It need not be unique."""
    try:
        return check_name(name, limit=USER_NAME_LIMIT)
    except BadName as bad:
        raise BadNickname(bad.text, **bad.params) from None


def check_own_nickname(name: str) -> str:
    """The same for a nickname that somebody chooses for themselves: none that claims an office."""
    check_nickname(name)
    if _without_signs(name) in _OFFICIAL:
        raise BadNickname("This name is reserved.")
    return name


def _hides_something(name: str) -> bool:
    if _INVISIBLE.search(name) or any(unicodedata.category(char) in _HIDDEN_CATEGORIES for char in name):
        return True
    return any(
        not match.start() or unicodedata.category(name[match.start() - 1]) not in {"So", "Sm"}
        for match in _SELECTORS.finditer(name)
    )


def _check_marks(name: str) -> None:
    """A letter may carry a few marks; more would reach into the lines above and below."""
    row = _MARKS_IN_A_ROW  # so that a name cannot begin with one either
    for char in unicodedata.normalize("NFD", name):
        if not unicodedata.category(char).startswith("M"):
            row = 0
            continue
        row += 1
        if row > _MARKS_IN_A_ROW:
            raise BadName("A name must not pile up combining marks.")


def _check_scripts(name: str) -> None:
    for word in re.findall(r"\w+", name):
        names = [unicodedata.name(char, "") for char in unicodedata.normalize("NFKC", word)]
        if sum(any(entry.startswith(script) for entry in names) for script in _ALIKE_SCRIPTS) > 1:
            raise BadName("A word of a name must not mix Latin, Greek and Cyrillic letters.")


def _is_word(char: str) -> bool:
    return char in "._-" or unicodedata.category(char)[0] in "LMN"


def _without_signs(name: str) -> str:
    return re.sub(r"[\W_]", "", name_key(name))
