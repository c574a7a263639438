"""Finds code and fenced blocks of code in a text, by the page's rule (`static/js/lib/markup-code.js`). Pure.

As many backticks as begin code end it, and code of one or two backticks stays in its line. Three or more begin a block,
which may stand anywhere and ends with the next run that is not shorter. A run that nothing ends is text, and so is a
block without content. A backslash before a run makes it text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BACKTICKS = re.compile("`+")
_MAX_INLINE_TICKS = 2
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{0,30}[ \t]*\n")
"""The language of a block, in the line of its backticks."""


def code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where code begins and ends, its backticks included, in time proportional to the text's length."""
    if "`" not in text:
        return
    runs = [found.span() for found in _BACKTICKS.finditer(text)]
    closing = _closing_runs([end - start for start, end in runs])
    done = 0
    for (start, opened), close in zip(runs, closing, strict=True):
        if start < done or close is None or text[start - 1 : start] == "\\":
            continue
        closed, end = runs[close]
        if opened - start <= _MAX_INLINE_TICKS:
            is_code = text.find("\n", opened, closed) < 0
        else:
            language = _LANGUAGE.match(text, opened, closed)
            content = text[opened if language is None else language.end() : closed]
            is_code = bool(content) and not content.isspace()
        if is_code:
            yield start, end
            done = end


def without_code(text: str, character: str) -> str:
    """Return the text with this character in place of each one of its code."""
    pieces: list[str] = []
    done = 0
    for start, end in code_spans(text):
        pieces += [text[done:start], character * (end - start)]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _closing_runs(lengths: Sequence[int]) -> list[int | None]:
    """Return, for each run of backticks, the index of the run that would close code which it opens."""
    closing: list[int | None] = [None] * len(lengths)
    by_length: dict[int, int] = {}
    not_shorter: list[int] = []
    for index in range(len(lengths) - 1, -1, -1):
        length = lengths[index]
        while not_shorter and lengths[not_shorter[-1]] < length:
            not_shorter.pop()
        if length <= _MAX_INLINE_TICKS:
            closing[index] = by_length.get(length)
        elif not_shorter:
            closing[index] = not_shorter[-1]
        by_length[length] = index
        not_shorter.append(index)
    return closing
