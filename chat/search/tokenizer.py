"""Split texts and search queries into words. Pure functions.

Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese are written without spaces, so they are indexed as overlapping
pairs of characters: 马远山 becomes 马远, 远山 and 山. A sequence of characters is then found as consecutive words, a
single one as a prefix.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat.search.normalization import normalize

MAX_WORD_LENGTH = 64
"""Characters of a word that are indexed."""
MAX_PHRASES = 16
_ASCII_WORDS = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
"""Table of `str.translate` that leaves lower-case words and blanks of ASCII text. It is faster than a pattern."""
_EAST_ASIAN = (
    (0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_SOUTHEAST_ASIAN = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),
)  # fmt: skip
"""Thai and Lao, Burmese, Khmer; with their punctuation, which separates words."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Consecutive words. With `begins`, the last word is a prefix."""

    words: tuple[str, ...]
    begins: bool = False


def tokenize(text: str) -> list[str]:
    """Return the words of a text in order, normalised for width, case and accents."""
    if text.isascii():
        return _ascii_words(text)
    found: list[str] = []
    for run, asian in _runs(text):
        found += [run[start : start + 2] for start in range(len(run))] if asian else [run]
    return found


def phrases(question: str) -> list[Phrase]:
    """Return the phrases of a search query; a matching text contains all of them. The last word may be incomplete."""
    query: list[Phrase] = []
    runs = list(_runs(question))[:MAX_PHRASES]
    for index, (run, asian) in enumerate(runs):
        if not asian:
            query.append(Phrase((run,), begins=index == len(runs) - 1))
        elif len(run) == 1:
            query.append(Phrase((run,), begins=True))
        else:
            query.append(Phrase(tuple(run[start : start + 2] for start in range(len(run) - 1))))
    return query


def matches(text: str, query: Sequence[Phrase]) -> bool:
    """Return whether the text contains all phrases."""
    found = tokenize(text)
    return all(_contains_phrase(found, phrase) for phrase in query)


def _contains_phrase(found: list[str], phrase: Phrase) -> bool:
    *complete_words, last = phrase.words
    for start in range(len(found) - len(complete_words)):
        word = found[start + len(complete_words)]
        if found[start : start + len(complete_words)] == complete_words and (
            word.startswith(last) if phrase.begins else word == last
        ):
            return True
    return False


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield runs of characters of one kind, and whether their script has no spaces between words."""
    if text.isascii():
        for word in _ascii_words(text):
            yield word, False
        return
    plain = normalize(text)
    for run in _RUN.finditer(plain.translate(_kinds)):
        found, is_asian = plain[run.start() : run.end()], run.lastgroup == "asian"
        yield (found if is_asian else found[:MAX_WORD_LENGTH]), is_asian


def _ascii_words(text: str) -> list[str]:
    """Return the words of ASCII text, of whose characters only letters and digits are no separators."""
    words = text.translate(_ASCII_WORDS).split()
    return words if len(text) <= MAX_WORD_LENGTH else [word[:MAX_WORD_LENGTH] for word in words]


_ASIAN_KIND, _WORD_KIND, _SIGN_KIND, _SEPARATOR_KIND = "aws "
_RUN = re.compile(f"(?P<asian>{_ASIAN_KIND}+)|{_WORD_KIND}+|{_SIGN_KIND}")


class _Kinds(dict[int, str]):
    """The kind of each character, one letter by its code: the table of `str.translate`."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MAX_KINDS:
            self.clear()
        kind = self[code] = _kind(code)
        return kind


_MAX_KINDS = 20_000
_kinds = _Kinds()


def _kind(code: int) -> str:
    """Return whether the character is Asian, part of a word, a sign (an emoji, a word of its own), or a separator."""
    if _is_within(code, _EAST_ASIAN):
        return _ASIAN_KIND
    category = unicodedata.category(chr(code))
    if category[0] in "LN" or category in ("Mn", "Mc"):
        return _ASIAN_KIND if _is_within(code, _SOUTHEAST_ASIAN) else _WORD_KIND
    return _SIGN_KIND if category == "So" else _SEPARATOR_KIND


def _is_within(code: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)
