"""Finds the joiners, variation selectors and tags that belong to a name: in emoji, and where a script needs them. Pure.

Emoji follow Unicode Technical Standard 51. Joiners between letters follow Unicode Standard Annex 31, section 2.3.1,
which agrees with the rules of domain names (RFC 5892).
"""

from __future__ import annotations

import re
import unicodedata

from idna.core import valid_contextj

from accounts.character_table import EXTENDED_PICTOGRAPHIC
from accounts.visible_text import character_class

ZWNJ = "\u200c"
ZWJ = "\u200d"
JOINERS = ZWNJ + ZWJ
EMOJI_SELECTORS = "\ufe0e\ufe0f"
JOINERS_AND_SELECTORS = re.compile(f"[{JOINERS}\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Invisible characters that change the look of their neighbours."""

_PICTOGRAPH = f"[{character_class(EXTENDED_PICTOGRAPHIC)}]"
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_TAGS = "\U000e0020-\U000e007f"
_ELEMENT = f"{_PICTOGRAPH}(?:\ufe0f|[{_SKIN_TONES}])?"
_SEQUENCES = re.compile(
    f"{_ELEMENT}(?:{ZWJ}{_ELEMENT})+"
    # The flag of a part of a country, such as Scotland.
    "|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
    # A symbol or the base of a keycap, as text or in colour.
    f"|(?:{_PICTOGRAPH}|[0-9#*])[{EMOJI_SELECTORS}]"
    # A registered form of an ideograph, as in Japanese surnames.
    "|[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd][\ufe00-\ufe02\U000e0100-\U000e01ef]"
    # A form of a Mongolian letter.
    "|[\u1820-\u1878\u1880-\u18aa][\u180b-\u180d\u180f]"
)
_CONTINUES = re.compile(f"[{JOINERS}{_SKIN_TONES}{_TAGS}]")
_ARABIC_LETTER = re.compile(
    "[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f\u08a0-\u08c9]"
)
_ARABIC_LETTER_BEFORE = re.compile(_ARABIC_LETTER.pattern + "[\u064b-\u065f\u0670]*$")
_VIRAMA = 9
"""The combining class of signs that join two consonants."""


def positions_in_sequences(name: str) -> set[int]:
    """Return the indices of characters in emoji sequences, and of joiners and selectors that Unicode allows there."""
    found = {position for match in _SEQUENCES.finditer(name) for position in range(*match.span())}
    for position, char in enumerate(name):
        if (char in JOINERS and joins_letters(name, position)) or (
            # Symbols that are no emoji may have a selector too: keyboards add it.
            char in EMOJI_SELECTORS and position and unicodedata.category(name[position - 1]) in {"So", "Sm"}
        ):
            found.add(position)
    return found


def joins_letters(name: str, position: int) -> bool:
    """Return whether the script needs the joiner at this position: in Persian, or in a conjunct of an Indic script."""
    following = name[position + 1 : position + 2]
    if name[position] == ZWNJ and not (following and unicodedata.category(following)[0] in "LM"):
        return False
    if name[position] == ZWNJ and _ARABIC_LETTER_BEFORE.search(name, 0, position) and _ARABIC_LETTER.match(following):
        # Persian keyboards write it after letters too that never join, as in Mohammad-Reza.
        return True
    if name[position] == ZWJ and following and position and unicodedata.combining(following) == _VIRAMA:
        # Bengali and Kannada write it between a consonant and the virama (The Unicode Standard, chapter 12).
        return unicodedata.category(name[position - 1])[0] == "L"
    try:
        return valid_contextj(name, position)
    except ValueError:  # A neighbour is unassigned.
        return False


def cut(name: str, limit: int) -> str:
    """Return the first `limit` characters, or fewer if a sequence of characters would be cut apart."""
    end = min(limit, len(name))
    while 0 < end < len(name) and (_belongs_to_previous(name[end]) or name[end - 1] in JOINERS):
        end -= 1
    return name[:end]


def _belongs_to_previous(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" or _CONTINUES.match(char) is not None
