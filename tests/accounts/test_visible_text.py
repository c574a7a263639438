"""Tests for visible characters in a text, which the server and the page find by one table."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from django.conf import settings

from accounts.character_table import INVISIBLE
from accounts.visible_text import has_visible_text

NEW_PICTOGRAPHS = "\U0001fae9\U0001f6d8\U0001faff"
"""Emoji of Unicode 16 and 17, and one that no version has yet."""


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t\u3000", "\x85", "\x1c", "\ufeff", "\u200b", "\u2800", "\u3164", "\u115f", "\u00ad", "\u2060",
     "\ufe0f", "\u202e", "\u180e", "\u034f", "\uffa0", "\x01", "\u17b4",
     "\U000e0041", "\U000e0100", "\U0001d173", "\u2065",
     "\U0001d159", "\U00016fe4", "\U00013441", "\U00013442",
     "\ue000", "\U000f0000", "\ufdd0", "\uffff", "\u0378", "\ud800", "\u2028", "\u00a0", "\u200d\u200d",
     " \u2800\n\u3164\u200b "],
    ids=ascii,
)  # fmt: skip
def test_a_text_without_visible_characters_shows_nothing(text: str) -> None:
    assert not has_visible_text(text)


@pytest.mark.parametrize(
    "text",
    [".", "é", "马", "\u0301", "👨‍👩‍👧", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🇨🇳", "\u200b.", "\u2800x", "ഹ്‍", "ﷺ", *NEW_PICTOGRAPHS],
    ids=ascii,
)  # fmt: skip
def test_a_text_with_a_visible_character_shows_something(text: str) -> None:
    assert has_visible_text(text)


def test_the_table_agrees_with_pythons_older_data() -> None:
    invisible: set[int] = set()
    for span in INVISIBLE.split():
        first, _, last = span.partition("-")
        invisible |= set(range(int(first, 16), int(last or first, 16) + 1))
    extra = []
    for code in range(0x110000):
        category = unicodedata.category(chr(code))
        if category == "Cn":
            continue
        if category[0] in "CZ" or chr(code).isspace():
            assert code in invisible, hex(code)
        elif code in invisible:
            extra.append(code)
    # Joiners, fillers and blanks of several scripts, Mongolian and other variation selectors.
    single = [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164]
    assert extra == [*single, *range(0xFE00, 0xFE10), 0xFFA0, 0x16FE4, 0x1D159, *range(0xE0100, 0xE01F0)]


def test_the_page_has_the_same_table() -> None:
    page = (Path(settings.BASE_DIR) / "static/js/lib/character-table.js").read_text()
    assert "".join(re.findall('"(.*?)"', page)) == INVISIBLE, "Run `make characters`."
