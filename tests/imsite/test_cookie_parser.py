"""Quoted cookies are read as the standard library reads them, in one pass."""

from __future__ import annotations

from http import cookies

import pytest
from django.http.cookie import parse_cookie

from imsite.cookie_parser import patch_cookie_parser, unquote_cookie_value


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (None, None),
        ("", ""),
        ('"', '"'),
        ("plain", "plain"),
        ('"quoted"', "quoted"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"a\054b\073c"', "a,b;c"),
        (r'"back\\slash"', r"back\slash"),
        (r'"\777"', "777"),
        (r'"ends\"', "ends\\"),
        (r'half"', 'half"'),
    ],
)
def test_a_quoted_cookie_is_decoded_like_the_standard_library(value: str | None, meant: str | None) -> None:
    assert unquote_cookie_value(value) == meant
    assert cookies._unquote(value) == meant  # type: ignore[attr-defined]


def test_a_long_quoted_cookie_is_decoded_quickly() -> None:
    patch_cookie_parser()

    assert parse_cookie('a="' + r"\"" * 100_000 + '"') == {"a": '"' * 100_000}
