"""Every refusal as a problem of RFC 9457, with its code of the site's one table."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import (
    AccountError,
    EmailTaken,
    LastAdministrator,
    NameTaken,
    NoSuchPerson,
    NotManageable,
    PhoneTaken,
)
from chat import errors
from chat.errors import ChatError, Code

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "/api/protocol/#{number}"
"""Where a code is explained: the page of `imsite.api_docs` lists the table."""

_TAKEN = (NameTaken, PhoneTaken, EmailTaken, LastAdministrator)


def problem_body(status: int, code: Code, detail: str, **more: Any) -> dict[str, Any]:
    """The body of a problem."""
    return {
        **more,
        "type": TYPE.format(number=code.number),
        "title": code.text,
        "status": status,
        "detail": detail,
        "code": code.number,
    }


def problem_of_error(error: Exception, *, call: str = "") -> dict[str, Any]:
    """The problem that an error is; what nobody expected is a 500 that tells nothing, and an event in the log."""
    match error:
        case ChatError():
            data = dict(error.data or {})
            return problem_body(_http_status(error), error.code, data.pop("error", "") or error.code.when, **data)
        case AccountError():
            return _of_account(error)
        case exceptions.AuthenticationFailed() | exceptions.NotAuthenticated():
            return problem_body(401, errors.NOT_LOGGED_IN, str(error.detail))
        case exceptions.PermissionDenied() | PermissionDenied():
            return problem_body(403, errors.NOT_AUTHORISED, str(error) or errors.NOT_AUTHORISED.when)
        case exceptions.NotFound() | Http404():
            return problem_body(404, errors.NO_SUCH_COMMAND, "There is no such path; paths end with a slash.")
        case exceptions.MethodNotAllowed():
            return problem_body(405, errors.NO_SUCH_COMMAND, "This path has no such method.")
        case exceptions.UnsupportedMediaType():
            return problem_body(415, errors.ILLEGAL_PARAMETER, "Send JSON: Content-Type: application/json.")
        case exceptions.APIException():
            return problem_body(error.status_code, errors.ILLEGAL_PARAMETER, str(error.detail))
        case SuspiciousOperation():
            return problem_body(400, errors.ILLEGAL_PARAMETER, "This is no request for this site.")
        case DatabaseError() | InterfaceError() | TimeoutError():
            logger.error("call_fault", extra={"call": call, "error": type(error).__name__})
            return problem_body(503, errors.SERVER_ERROR, "A fault here. Try again.", retryAfter=1)
        case _:
            logger.error("call_fault", exc_info=error, extra={"call": call})
            return problem_body(500, errors.SERVER_ERROR, "A fault here. Try again.")


def response(problem: dict[str, Any]) -> Response:
    made = Response(problem, status=problem["status"], content_type=MEDIA_TYPE)
    made.exception = True
    if (wait := problem.get("retryAfter")) is not None:
        made["Retry-After"] = str(max(1, math.ceil(wait)))
    if problem["status"] == HTTPStatus.UNAUTHORIZED:
        made["WWW-Authenticate"] = "Bearer"
    return made


def _http_status(error: ChatError) -> int:
    """429 asks to wait, which helps only where there is something to wait for."""
    if error.code is errors.TOO_MUCH and "retryAfter" not in (error.data or {}):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return error.code.http


def _of_account(error: AccountError) -> dict[str, Any]:
    field = {"field": error.field} if error.field else {}
    match error:
        case NotManageable():
            return problem_body(403, errors.NOT_AUTHORISED, str(error))
        case NoSuchPerson():
            return problem_body(404, errors.NO_DATA, str(error), **field)
        case _ if isinstance(error, _TAKEN):
            return problem_body(409, errors.OPERATION_FAILED, str(error), **field)
        case _:
            return problem_body(400, errors.ILLEGAL_PARAMETER, str(error), **field)
