"""Finds possible names of users after "@" in a message's text. Pure.

The page's static/js/lib/text.js has the same rule for the names that it gets with a message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from accounts.names import USER_NAME_MAX_LENGTH, name_key
from chat.code_spans import without_code

MAX_NAMES_PER_MESSAGE = 512
"""Names that are looked up for one message. Further ones mention nobody."""
EVERYBODY = frozenset({"all", "everyone", "channel", "所有人"})
"""Keys of the names that mention all members. No user has one of the English names."""
_ADDRESS_CHARACTERS = ".@/-"
_CONTINUATION = re.compile("[._\u200c\u200d-]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"`“”‘’（）【】《》「」『』，。、；：！？]+", re.IGNORECASE)
# Scripts without spaces: Thai, Lao, Myanmar, Hangul, Khmer, Japanese, Bopomofo, Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff]"
)


class NameCandidate(NamedTuple):
    """A text that may be a name, as it is written, and the key by which names are compared."""

    name: str
    key: str


class Mentionable(NamedTuple):
    """A place where a mention may begin: the index of its "@", and the possible names, the longest first."""

    start: int
    names: list[NameCandidate]


def mentionables(text: str) -> list[Mentionable]:
    """Return the places outside of code and addresses where a mention may begin, in order."""
    if "@" not in text:
        return []
    text = without_code(text, "`")
    text = _ADDRESS.sub(lambda found: "`" * len(found[0]), text)
    places: list[Mentionable] = []
    count = 0
    start = text.find("@")
    while start >= 0 and count < MAX_NAMES_PER_MESSAGE:
        before = text[start - 1] if start else ""
        if not (before and (before in _ADDRESS_CHARACTERS or _is_word_character(before))):
            names = list(_names_at(text, start + 1))[: MAX_NAMES_PER_MESSAGE - count][::-1]
            count += len(names)
            if names:
                places.append(Mentionable(start, names))
        start = text.find("@", start + 1)
    return places


def _names_at(text: str, start: int) -> Iterator[NameCandidate]:
    """Yield the texts from `start` that end where a name may end, the shortest first."""
    line = text[start : start + USER_NAME_MAX_LENGTH + 1].split("\n", 1)[0]
    for length in range(1, min(len(line), USER_NAME_MAX_LENGTH) + 1):
        name = line[:length]
        if name[-1] in "`@" or name[0].isspace():
            return
        # A joiner at the end would be left out of the key.
        if (
            not name[-1].isspace()
            and name[-1] not in "\u200c\u200d"
            and not _is_continued(name[-1], line[length:])
            and (key := name_key(name))
        ):
            yield NameCandidate(name, key)


def _is_continued(last: str, rest: str) -> bool:
    """Return whether a name goes on in the rest of the text."""
    joined = _CONTINUATION.match(rest)
    if joined is not None:
        return unicodedata.category(rest[joined.end() : joined.end() + 1] or " ")[0] in "LN"
    return bool(rest) and _is_word_character(last) and _is_word_character(rest[0])


def _is_word_character(char: str) -> bool:
    """Return whether a name that ends beside the character would end within a word."""
    return (char == "_" or unicodedata.category(char)[0] in "LMN") and _UNSPACED.match(char) is None
