"""Finds the web addresses in a text that get a preview. Pure.

Addresses in code get none, nor do those that the sender has put into angle brackets: `<https://example.org>`. Where an
address ends is decided as on the page (`static/js/lib/links.js`), but for rare cases.
"""

from __future__ import annotations

import re
from urllib.parse import urldefrag

from chat.code_spans import without_code

MAX_ADDRESS_LENGTH = 2000
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
    plain = without_code(text, " ")
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
