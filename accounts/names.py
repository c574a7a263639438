"""Validation and comparison of user names, nicknames and guest names. Pure: no Django, no database.

Names are stored and shown exactly as given. Comparisons use their normalized key.
"""

from __future__ import annotations

import re
import unicodedata

from accounts import errors
from accounts.errors import AccountError
from accounts.joiners import EMOJI_SELECTORS, JOINERS, JOINERS_AND_SELECTORS, joins_letters, positions_in_sequences
from accounts.visible_text import INVISIBLE_CLASS, has_visible_text

GUEST_NAME_MAX_LENGTH = 19
"""Longest guest name in characters. The wire protocol refuses 20 and more."""
USER_NAME_MAX_LENGTH = 64
NAME_KEY_MAX_LENGTH = 256
"""Longest key in characters. Normalization can turn one character into eighteen."""
GUEST_PREFIX = "~"
"""First character of a guest's internal user name. No account's name begins with it."""

# Names that would appear to speak for the site.
_OFFICIAL_NAMES = frozenset(
    "system admin administrator root superuser sysadmin moderator staff support security official"
    " 系统 管理员 超级管理员 官方 客服".split()
)
# Words with a meaning in mentions, URLs and programs.
_KEYWORDS = frozenset(
    "all everyone here channel me nobody null none undefined anonymous guest api bot service external import".split()
)

_INVISIBLE = re.compile(f"[{INVISIBLE_CLASS}]")
_MAX_CONSECUTIVE_MARKS = 4
_CONFUSABLE_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
"""Scripts that share look-alike letters. A word of a unique name must not mix them."""


class BadName(AccountError):
    """The name is not valid. The text gives the reason."""

    field = "username"


class BadNickname(BadName):
    """The nickname is not valid."""

    field = "nickname"


def name_key(name: str) -> str:
    """Return the form in which names are compared: NFKC and case-folded, without joiners and variation selectors.

    So width and case do not matter.
    """
    if name.isascii():
        return name.casefold()
    key = unicodedata.normalize("NFKD", JOINERS_AND_SELECTORS.sub("", name)).casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold())


def is_storable(text: str) -> bool:
    """Return whether a database row can hold the text. Text with NUL or lone surrogates needs no lookup."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text))


def check_name(name: str, *, limit: int) -> str:
    """Return `name` unchanged if it is safe to display, else raise BadName.

    Refuses empty and blank names, names longer than `limit` characters, spaces at either end, line separators, long
    runs of combining marks, and control, format (bidirectional marks, zero-width characters), private-use, unassigned
    and otherwise invisible characters. Joiners, variation selectors and tags are valid in emoji and where a script
    needs them.
    """
    if not name or not name.strip():
        raise BadName(errors.NAME_EMPTY)
    if len(name) > limit:
        raise BadName(errors.NAME_TOO_LONG, limit=limit)
    if name != name.strip():
        raise BadName(errors.NAME_BLANK_ENDS)
    if _has_invisible_characters(name):
        raise BadName(errors.NAME_INVISIBLE)
    _check_marks(name)
    key = name_key(name)
    if not has_visible_text(key):
        raise BadName(errors.NAME_NOT_VISIBLE)
    if len(key) > NAME_KEY_MAX_LENGTH:
        raise BadName(errors.NAME_TOO_LONG, limit=NAME_KEY_MAX_LENGTH)
    return name


def check_user_name(name: str, *, allow_reserved: bool = False) -> str:
    """Return `name` if it is a valid user name of an account, else raise BadName.

    In addition to `check_name`, allows only letters and digits of any script, with `.`, `_` and `-` between them, so
    that the name fits into URLs, mentions and lists. Reserved names are refused unless `allow_reserved`.
    """
    check_name(name, limit=USER_NAME_MAX_LENGTH)
    if not all(_is_user_name_character(char) or char in JOINERS for char in name + name_key(name)):
        raise BadName(errors.NAME_CHARACTERS)
    last = name.rstrip(JOINERS)[-1]
    if not (name[0].isalnum() and (last.isalnum() or unicodedata.category(last)[0] == "M")):
        raise BadName(errors.NAME_ENDS)
    _check_scripts(name)
    if not allow_reserved and _letters_only(name) in _OFFICIAL_NAMES | _KEYWORDS:
        raise BadName(errors.NAME_RESERVED)
    return name


def user_name_from(text: str) -> str:
    """Return the text with dots in place of characters that no user name has. The result may still be invalid."""
    kept = [
        char if _is_user_name_character(char) or (char in JOINERS and joins_letters(text, position)) else " "
        for position, char in enumerate(text)
    ]
    return ".".join("".join(kept).split())


def check_guest_name(name: str) -> str:
    """Return `name` if it is a valid guest name, else raise BadName. Does not check whether an account has it."""
    check_name(name, limit=GUEST_NAME_MAX_LENGTH)
    _check_scripts(name)
    if _letters_only(name) in _OFFICIAL_NAMES:
        raise BadName(errors.NAME_RESERVED)
    return name


def check_nickname(name: str) -> str:
    """Return `name` if it is a valid nickname, else raise BadNickname. Nicknames need not be unique."""
    try:
        return check_name(name, limit=USER_NAME_MAX_LENGTH)
    except BadName as bad:
        raise BadNickname(bad.reason, **bad.params) from None


def check_own_nickname(name: str) -> str:
    """Return `name` if users may choose it as their own nickname, else raise BadNickname. Refuses official names."""
    check_nickname(name)
    if _letters_only(name) in _OFFICIAL_NAMES:
        raise BadNickname(errors.NAME_RESERVED)
    return name


def _has_invisible_characters(name: str) -> bool:
    allowed = positions_in_sequences(name)
    return any(
        match.start() not in allowed and unicodedata.category(match[0]) != "Zs" for match in _INVISIBLE.finditer(name)
    )


def _check_marks(name: str) -> None:
    """Refuse long runs of combining marks, which would cover the lines above and below."""
    if name.isascii():
        return
    run = _MAX_CONSECUTIVE_MARKS  # A name cannot begin with a mark either.
    for char in unicodedata.normalize("NFD", name):
        if char in JOINERS:
            continue
        if not unicodedata.category(char).startswith("M"):
            run = 0
            continue
        run += 1
        if run > _MAX_CONSECUTIVE_MARKS:
            raise BadName(errors.NAME_MARKS)


def _check_scripts(name: str) -> None:
    if name.isascii():
        return  # All its letters are Latin.
    # Marks and joiners do not end a word.
    for word in "".join(char if _is_word_character(char) else " " for char in name).split():
        names = [unicodedata.name(char, "") for char in unicodedata.normalize("NFKC", word)]
        if sum(any(entry.startswith(script) for entry in names) for script in _CONFUSABLE_SCRIPTS) > 1:
            raise BadName(errors.NAME_SCRIPTS)


def _is_word_character(char: str) -> bool:
    return char == "_" or char in JOINERS or unicodedata.category(char)[0] in "LMN"


def _is_user_name_character(char: str) -> bool:
    category = unicodedata.category(char)
    return char in "._-" or (category[0] in "LMN" and category != "Me" and char not in EMOJI_SELECTORS)


def _letters_only(name: str) -> str:
    return re.sub(r"[\W_]", "", name_key(name))
