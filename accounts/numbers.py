"""Parses decimal numbers from clients. Pure."""

from __future__ import annotations

import re

LARGEST = 2**63 - 1
"""The largest number that the database stores as an id."""
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")


def parse_decimal(text: str, *, largest: int = LARGEST) -> int | None:
    """Return the whole number that the text is in ASCII digits; None for any other text and above `largest`.

    A number has one form only: `007`, `+7`, `1e3`, `1_000` and `７` are no numbers.
    """
    number = int(text) if _DECIMAL.fullmatch(text) else None
    return number if number is not None and number <= largest else None
