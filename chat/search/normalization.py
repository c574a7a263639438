"""The form in which texts and queries are compared: without width, case, accents, joiners and selectors. Pure."""

from __future__ import annotations

import re
import unicodedata

_IGNORED = re.compile("[\u00ad\u200b-\u200f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Variation selectors and joiners, which users do not type into a search field."""
_MAY_HAVE_ACCENTS = re.compile("[\u00c0-\u052f\u0591-\u06ff\u1ab0-\u1aff\u1d00-\u1fff]")
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff]"
)
"""Accents, and the vowel signs of Hebrew and Arabic, which most texts leave out. Signs of other scripts are letters."""
_PLAIN_LETTERS = str.maketrans(dict(zip("đðħıłøŧæœ", "d d h i l o t ae oe".split(), strict=True)))
"""Letters with a stroke, which Unicode does not take apart."""


def normalize(text: str) -> str:
    """Return the form in which the text is compared. It has the same words, as NFC."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if _MAY_HAVE_ACCENTS.search(plain):
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", plain)).translate(_PLAIN_LETTERS)
        plain = unicodedata.normalize("NFC", bare)
    return _IGNORED.sub("", plain)
