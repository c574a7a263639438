"""Cookies read in one pass. Python before 3.11.10 and 3.12.6 takes the square of the length of a quoted one
(CVE-2024-7592): a header of 8 KB holds a process up for a quarter of a second."""

from __future__ import annotations

import re
import sys
from http import cookies

_ESCAPED = re.compile(r"\\(?:([0-3][0-7]{2})|(.))")


def patch_cookie_parser() -> None:
    """Have the standard library, and so Django, read quoted cookies in one pass, where they do not by themselves."""
    if sys.version_info < (3, 12, 6):
        cookies._unquote = unquoted  # type: ignore[assignment]


def unquoted(value: str | None) -> str | None:
    """What a cookie's value says, without the quotation marks around it and with its escapes resolved."""
    if value is None or len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[2], value[1:-1])
