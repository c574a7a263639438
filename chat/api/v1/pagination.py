"""Paged lists: `?limit=` and `?cursor=`, answered as `{"results": […], "next": "<cursor>" or null}`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from accounts.numbers import parse_decimal
from chat import reasons
from chat.errors import ChatError

USUAL = 50
LARGEST = 100
_LONGEST_CURSOR = 300


@dataclass(frozen=True, slots=True)
class Page:
    """The requested page: up to `limit` items after the item with key `after`, the last of the previous page (empty:
    first page).
    """

    limit: int
    after: str = ""

    @property
    def number(self) -> int:
        """Return `after` as a number; 0 for the first page. Raise ChatError CURSOR_INVALID for other text."""
        if not self.after:
            return 0
        number = parse_decimal(self.after)
        if number is None:
            raise _bad_cursor()
        return number


def requested_page(request: Request, *, largest: int = LARGEST) -> Page:
    """Return the page that the query requests. Raise ChatError LIMIT_RANGE or CURSOR_INVALID."""
    limit = parse_decimal(request.query_params.get("limit", str(min(USUAL, largest))), largest=largest)
    if not limit:
        raise ChatError(reasons.LIMIT_RANGE, limit=largest, field="limit")
    return Page(limit, _key(request.query_params.get("cursor", "")))


def page_body(results: Sequence[Any], *, next: str | int | None) -> dict[str, Any]:
    """Return the body of a page. `next` is the key of its last item, or None if no items follow."""
    return {"results": list(results), "next": None if next is None else cursor(str(next))}


def cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _key(text: str) -> str:
    if len(text) > _LONGEST_CURSOR:
        raise _bad_cursor()
    try:
        key = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise _bad_cursor() from error
    if "\0" in key:
        raise _bad_cursor()
    return key


def _bad_cursor() -> ChatError:
    return ChatError(reasons.CURSOR_INVALID, field="cursor")
