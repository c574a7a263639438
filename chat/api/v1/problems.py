"""Returns every refusal as a problem (RFC 9457), with the reason and code that the WebSocket protocols use too."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import AccountError
from chat import errors, reasons
from chat.account_errors import chat_error
from chat.errors import ChatError
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "/api/protocol/#{number}"
"""URL that explains a code: the protocol page of `imsite.api_docs`."""
_STATUS_BY_REASON = {
    reasons.FILE_TYPE_REFUSED.key: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    reasons.PICTURE_REFUSED.key: HTTPStatus.UNPROCESSABLE_ENTITY,
    reasons.FILE_INFECTED.key: HTTPStatus.UNPROCESSABLE_ENTITY,
    reasons.SCANNER_UNAVAILABLE.key: HTTPStatus.SERVICE_UNAVAILABLE,
    reasons.UPLOAD_BUSY.key: HTTPStatus.LOCKED,
    reasons.UPLOAD_VERSION.key: HTTPStatus.PRECONDITION_FAILED,
    reasons.STORAGE_UNAVAILABLE.key: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Statuses that are more exact than that of the reason's code."""


def problem_body(refusal: ChatError, status: int | None = None) -> dict[str, Any]:
    """Return the problem's body. `status`: the HTTP status; None: that of the refusal's code."""
    data = dict(refusal.data)
    return {
        "detail": data.pop("error"),
        **data,
        "type": TYPE.format(number=refusal.code.number),
        "title": refusal.code.text,
        "status": status or _http_status(refusal),
        "code": refusal.code.number,
        "reason": refusal.reason.key,
    }


def problem_of_error(error: Exception, *, call: str = "") -> dict[str, Any]:
    """Return the problem's body for an exception. An unexpected exception is logged and returns a 500 without details.

    `call` names the call in the log.
    """
    match error:
        case ChatError():
            return problem_body(error)
        case AccountError():
            field: dict[str, Any] = {"field": error.field} if error.field else {}
            return problem_body(chat_error(error, **field))
        case exceptions.NotAuthenticated():
            return problem_body(ChatError(reasons.API_TOKEN_REQUIRED))
        case exceptions.AuthenticationFailed():
            return problem_body(ChatError(reasons.API_TOKEN_INVALID, sentence=str(error.detail)))
        case exceptions.PermissionDenied() | PermissionDenied():
            return problem_body(ChatError(reasons.FORBIDDEN))
        case exceptions.NotFound() | Http404():
            return problem_body(ChatError(reasons.PATH_NOT_FOUND))
        case exceptions.MethodNotAllowed():
            return problem_body(ChatError(reasons.METHOD_NOT_ALLOWED), 405)
        case exceptions.UnsupportedMediaType():
            return problem_body(ChatError(reasons.MEDIA_TYPE_UNSUPPORTED), 415)
        case exceptions.APIException():
            return problem_body(ChatError(reasons.BAD_REQUEST, sentence=str(error.detail)), error.status_code)
        case SuspiciousOperation():
            return problem_body(ChatError(reasons.BAD_REQUEST))
        case DatabaseError() | InterfaceError() | TimeoutError():
            logger.error("call_error", extra={"call": call, "error": type(error).__name__})
            return problem_body(ChatError(reasons.INTERNAL_ERROR, retryAfter=1), 503)
        case _:
            logger.error("call_error", exc_info=error, extra={"call": call})
            return problem_body(ChatError(reasons.INTERNAL_ERROR))


def response(problem: dict[str, Any]) -> Response:
    """Return the HTTP response for a problem, with the headers that belong to its status."""
    http_response = Response(problem, status=problem["status"], content_type=MEDIA_TYPE)
    http_response.exception = True
    for name, value in problem_headers(problem).items():
        http_response[name] = value
    return http_response


def problem_headers(problem: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that belong to the status of a problem."""
    headers = {}
    if (wait := problem.get("retryAfter")) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if problem["status"] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def log_success() -> None:
    """Note that calls work, which ends an outage in the log."""
    log_recovery(logger, "call_error")


def _http_status(error: ChatError) -> int:
    """Return the status of the refusal's code, but 413 instead of 429 if waiting would not help."""
    if error.code is errors.TOO_MUCH and "retryAfter" not in error.data:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return _STATUS_BY_REASON.get(error.reason.key, error.code.http)
