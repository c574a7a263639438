"""Parameters of a call, from form or query; ids in both spellings (`appID`, `appId`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Protocol

from django.http import QueryDict
from rest_framework.parsers import FormParser

from accounts.numbers import parse_decimal
from chat import reasons
from chat.api.common.fast_path import form_limit
from chat.errors import ChatError

_LARGEST_APP = 999_999_999


class LegacyFormParser(FormParser):  # type: ignore[misc]
    """Parses `application/x-www-form-urlencoded` up to the size that the longest message can need."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> QueryDict:
        limit = form_limit()
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise ChatError(reasons.BODY_TOO_LARGE, limit=limit)
        return QueryDict(raw, encoding=(parser_context or {}).get("encoding"))


class ParameterSource(Protocol):
    """The form and the query of a request of DRF or of the fast path."""

    @property
    def data(self) -> Mapping[str, Any]: ...

    @property
    def query_params(self) -> Mapping[str, Any]: ...


def text(request: ParameterSource, name: str) -> str:
    """Return a parameter, empty if absent.

    `name` is spelled as in `userID`; `userId` is accepted too. The form precedes the query.
    """
    other = name.replace("ID", "Id")
    for source in (request.data, request.query_params):
        if source and (given := source.get(name) or source.get(other)):
            return str(given)
    return ""


def app_or_any(request: ParameterSource) -> int | None:
    """Return the number of the app; None, meaning any app, if it is absent or 0."""
    digits = text(request, "appID")
    if not digits:
        return None
    number = parse_decimal(digits, largest=_LARGEST_APP)
    if number is None:
        raise ChatError(reasons.APP_ID_INVALID, field="appID")
    return number or None


def app(request: ParameterSource) -> int:
    """Return the number of the app; it is required."""
    number = app_or_any(request)
    if number is None:
        raise ChatError(reasons.APP_ID_MISSING, field="appID")
    return number
