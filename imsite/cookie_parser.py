"""Parses quoted cookies in linear time.

Python before 3.11.10 and 3.12.6 takes quadratic time (CVE-2024-7592): a header of 8 KB blocks a process for a quarter
of a second.
"""

from __future__ import annotations

import re
import sys
from http import cookies

_ESCAPED = re.compile(r"\\(?:([0-3][0-7]{2})|(.))")


def patch_cookie_parser() -> None:
    """Replace the standard library's parser of quoted cookies, which Django uses, in Python versions that need it."""
    if sys.version_info < (3, 12, 6):
        cookies._unquote = unquote_cookie_value  # type: ignore[assignment]


def unquote_cookie_value(value: str | None) -> str | None:
    """Return a cookie's value without surrounding quotation marks and with its escapes resolved."""
    if value is None or len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)) if match[1] else match[2], value[1:-1])
