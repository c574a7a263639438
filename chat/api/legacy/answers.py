"""Answers of the legacy calls: body, headers, and the refusal for each exception."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from rest_framework import exceptions
from rest_framework.renderers import BaseRenderer

from accounts.names import BadName
from chat import errors
from chat.api.common.call_request import CallRequest
from chat.api.common.cors import cors_headers
from chat.api.legacy.sentences import legacy_sentence
from chat.errors import ChatError, Code
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

_FAULT = "A fault here. Try again."


def answer_body(data: Mapping[str, Any] | None = None, code: Code = errors.SUCCESS) -> dict[str, Any]:
    """Return the body of an answer: `{"code", "msg", "data"}`."""
    return {"code": code.number, "msg": code.text, "data": data or {}}


def encode(body: Any) -> bytes:
    """Return the body as JSON. Like DRF, escapes the two line separators that are none in older JavaScript."""
    return msgspec.json.encode(body).replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")


class LegacyRenderer(BaseRenderer):  # type: ignore[misc]
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        return b"" if data is None else encode(data)


def response_headers(request: CallRequest) -> dict[str, str]:
    """Return the headers that every answer has, refusals too."""
    return {**cors_headers(request), "Cache-Control": "no-store"}


def refusal_headers(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a refusal with these data."""
    wait = data.get("retryAfter")
    return {} if wait is None else {"Retry-After": str(max(1, math.ceil(wait)))}


def refusal_of(exc: Exception, *, call: str, fault: Code, methods: Sequence[str]) -> tuple[Code, dict[str, Any]]:
    """Return code and data of the answer for any exception. Faults are logged.

    `call` is its path, `fault` the code of a database error, `methods` the methods that the call has.
    """
    match exc:
        case ChatError():
            return exc.code, {**exc.data, "error": legacy_sentence(exc)}
        case BadName():
            return errors.ILLEGAL_USER_ID, {"error": legacy_sentence(exc)}
        case exceptions.AuthenticationFailed():
            return errors.NOT_AUTHORISED, {"error": str(exc.detail)}
        case exceptions.NotAuthenticated() | exceptions.PermissionDenied():
            return errors.NOT_AUTHORISED, {"error": "This call needs an API token with the right permission."}
        case exceptions.MethodNotAllowed():
            return errors.NO_SUCH_COMMAND, {"error": f"Call this by {' or '.join(methods)}."}
        case exceptions.ParseError() | exceptions.UnsupportedMediaType():
            error = "Give parameters in the query or as application/x-www-form-urlencoded."
            return errors.ILLEGAL_PARAMETER, {"error": error}
        case SuspiciousOperation():
            return errors.ILLEGAL_PARAMETER, {"error": "Too many parameters."}
        case DatabaseError():
            logger.error("call_database_error", extra={"call": call, "error": type(exc).__name__})
            return fault, {"error": _FAULT}
        case _:
            logger.error("call_error", exc_info=exc, extra={"call": call})
            return errors.SERVER_ERROR, {"error": _FAULT}


def log_success() -> None:
    """Note that calls work, which ends an outage of the database in the log."""
    log_recovery(logger, "call_database_error")
