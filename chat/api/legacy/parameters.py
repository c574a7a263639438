"""The parameters of a call: in the form or in the query, ids in both spellings (`appID`, `appId`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import QueryDict
from rest_framework.parsers import FormParser
from rest_framework.request import Request

from chat import errors
from chat.errors import ChatError

_FORM_OVERHEAD = 16384
_BYTES_A_CHARACTER = 12
"""Four of UTF-8, each as three of `%XX`."""
_APP_DIGITS = 9


class Form(FormParser):  # type: ignore[misc]
    """`application/x-www-form-urlencoded`, no longer than the longest message makes it."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> QueryDict:
        limit = settings.IM_MESSAGE_MAX_LENGTH * _BYTES_A_CHARACTER + _FORM_OVERHEAD
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise ChatError(errors.TOO_MUCH, f"A form has at most {limit} bytes.", limit=limit)
        return QueryDict(raw, encoding=(parser_context or {}).get("encoding"))


def text(request: Request, name: str) -> str:
    """A parameter, empty if absent; `name` as in `userID`. What stands in the form comes before the query."""
    spellings = (name, name.replace("ID", "Id"))
    given = (source.get(spelling) for source in (request.data, request.query_params) for spelling in spellings)
    return str(next(filter(None, given), ""))


def app_or_any(request: Request) -> int | None:
    """The number of the app; None, for any, if it is absent or 0."""
    digits = text(request, "appID")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _APP_DIGITS):
        raise ChatError(errors.ILLEGAL_PARAMETER, "appID is a number.", field="appID")
    return int(digits) or None


def app(request: Request) -> int:
    """The number of the app, which must be there."""
    number = app_or_any(request)
    if number is None:
        raise ChatError(errors.ILLEGAL_PARAMETER, "appID is missing.", field="appID")
    return number
