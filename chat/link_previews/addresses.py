"""Finds the web addresses in a text that get a preview. Pure.

Addresses in code get none, nor do those that the sender has put into angle brackets: `<https://example.org>`. Where an
address ends is decided as on the page (`static/js/lib/links.js`), but for rare cases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urldefrag

MAX_ADDRESS_LENGTH = 2000
_BACKTICKS = re.compile("`+")
_FENCE = "```"
_FENCE_END = re.compile(r"^```[ \t]*$", re.MULTILINE)
_TERMINATORS = r"\s<>\"`\\„‚‟｜，。、；：！？｡､…‥—―“”‘’«»‹›（）［］｛｝【】〔〕〖〗《》〈〉「」『』｢｣"
_ADDRESS = re.compile(rf"(?<![A-Za-z0-9])https?://[^{_TERMINATORS}]+", re.IGNORECASE)
_HOST_BEFORE_TEXT = re.compile(r"(https?://[\x21-\x2e\x30-\x7e]+?)(?=[^\x00-\x7f])", re.IGNORECASE)
"""An address without a path, up to text without spaces that follows it."""
_TRAILING = ".,:;!?'*_~|"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def preview_addresses(text: str, limit: int) -> list[str]:
    """Return the first `limit` different addresses, without their fragments, in the order of the text."""
    if "://" not in text:
        return []
    found: dict[str, None] = {}
    plain = _without_code(text)
    for match in _ADDRESS.finditer(plain):
        address = _trimmed(match[0])
        end = match.start() + len(address)
        if plain[match.start() - 1 : match.start()] == "<" and plain[end : end + 1] == ">":
            continue
        address = urldefrag(address).url if "#" in address else address
        if len(address) <= MAX_ADDRESS_LENGTH and "@" not in address.split("/", 3)[2]:
            found.setdefault(address)
            if len(found) == limit:
                break
    return list(found)


def _without_code(text: str) -> str:
    """Put a space in place of each block and span of code. Takes time in proportion to the text, whatever it is."""
    runs = [match.span() for match in _BACKTICKS.finditer(text)]
    span_ends = _span_ends(runs)
    plain, after_code = [], 0
    for start, end in runs:
        if start < after_code:
            continue
        if end - start >= len(_FENCE) and (start == 0 or text[start - 1] == "\n"):
            closing = _FENCE_END.search(text, end)
            code_end = len(text) if closing is None else closing.end()
        elif start in span_ends:
            code_end = span_ends[start]
        else:
            continue
        plain.append(text[after_code:start])
        after_code = code_end
    return " ".join([*plain, text[after_code:]])


def _span_ends(runs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return where spans of code end, by their start: with the next run of as many backticks."""
    ends: dict[int, int] = {}
    next_ends: dict[int, int] = {}
    for start, end in reversed(runs):
        if end - start in next_ends:
            ends[start] = next_ends[end - start]
        next_ends[end - start] = end
    return ends


def _trimmed(address: str) -> str:
    """Leave out the punctuation of the sentence, and text that follows the host without a space."""
    before_text = _HOST_BEFORE_TEXT.match(address)
    if before_text and "/" not in before_text[1][8:]:
        address = before_text[1]
    counts = {bracket: address.count(bracket) for pair in _PAIRS.items() for bracket in pair}
    end = len(address)
    while end:
        last = address[end - 1]
        if last in _PAIRS:
            if counts[_PAIRS[last]] >= counts[last]:
                break
            counts[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return address[:end]
