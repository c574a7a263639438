"""A number has one form."""

from __future__ import annotations

import pytest

from accounts.numbers import LARGEST, parse_decimal


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("1000", 1000), (str(LARGEST), LARGEST)])
def test_a_number_is_read(text: str, number: int) -> None:
    assert parse_decimal(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "007", "00", "+7", "-7", "1e3", "1.0", "1_0", " 7", "7 ", "7\n", "１０", "१०", "²", "0x1", "7\0", "9" * 30,
     str(LARGEST + 1), "NaN"],
    ids=ascii,
)  # fmt: skip
def test_another_text_is_no_number(text: str) -> None:
    assert parse_decimal(text) is None


def test_a_number_beyond_the_limit_is_none() -> None:
    assert (parse_decimal("10", largest=10), parse_decimal("11", largest=10)) == (10, None)
