"""Text put together from source files, with a source map by which a browser's tools show the original lines."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_BLOCK_COMMENT = r"/\*[^*]*(?:\*(?!/)[^*]*)*\*/"
# Comments that have their lines to themselves. Others, such as casts, stay.
_COMMENT_LINES = re.compile(rf"^[ \t]*(?:{_BLOCK_COMMENT}|//.*)[ \t]*$", re.MULTILINE)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def empty_comment_lines(text: str) -> str:
    """Return the text with empty lines in place of comments. All other text keeps its line."""
    return _COMMENT_LINES.sub(lambda comment: "\n" * comment[0].count("\n"), text)


class MappedText:
    """Collects lines, each with the source file and the line that it comes from."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._sources: list[str] = []
        self._segments: list[str] = []
        self._last_source = self._last_line = 0

    def append_line(self, line: str) -> None:
        """Append a line without a source."""
        self._lines.append(line)
        self._segments.append("")

    def append_source(self, text: str, source: str) -> None:
        """Append the whole text of a source file, named relative to the source map."""
        self._sources.append(source)
        for number, line in enumerate(text.removesuffix("\n").split("\n")):
            self._lines.append(line)
            index = len(self._sources) - 1
            # The column of the bundle, then the file, the line and the column of the source, as differences.
            self._segments.append(encode_vlq((0, index - self._last_source, number - self._last_line, 0)))
            self._last_source, self._last_line = index, number

    def text(self) -> str:
        """Return all lines."""
        return "\n".join(self._lines) + "\n"

    def source_map(self) -> str:
        """Return the source map (version 3) as JSON. It names the sources and does not contain their text."""
        return json.dumps(
            {"version": 3, "sources": self._sources, "names": [], "mappings": ";".join(self._segments)},
            separators=(",", ":"),
        )


def encode_vlq(numbers: Sequence[int]) -> str:
    """Return a segment of a source map: each number in Base64 digits of five bits, its sign in the lowest bit."""
    digits: list[str] = []
    for number in numbers:
        rest = -number << 1 | 1 if number < 0 else number << 1
        while rest > 31:
            digits.append(_BASE64[rest & 31 | 32])
            rest >>= 5
        digits.append(_BASE64[rest])
    return "".join(digits)
