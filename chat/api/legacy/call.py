"""The base of the HTTP calls outside `/api/v1/`: access, and responses of the form `{"code", "msg", "data"}`."""

from __future__ import annotations

import logging
import math
from typing import Any, ClassVar

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.names import BadName
from chat import errors
from chat.api.common import cors
from chat.api.common.negotiation import AlwaysJsonNegotiation
from chat.api.common.throttles import throttles
from chat.api.legacy.access import HasPermission, ServiceToken
from chat.api.legacy.parameters import LegacyFormParser
from chat.api.legacy.sentences import legacy_sentence
from chat.errors import ChatError, Code
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)


class LegacyCallView(APIView):  # type: ignore[misc]
    """One call. The HTTP status is always 200, as existing clients expect; `code` is the outcome.

    `permission` is required of the token's user, `fault` is the code of a database error. Cookies are ignored, so there
    is no CSRF token; a page of another origin is refused before the call has any effect.
    """

    authentication_classes: tuple[type[BaseAuthentication], ...] = (ServiceToken,)
    permission_classes = (HasPermission,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (LegacyFormParser,)
    content_negotiation_class = AlwaysJsonNegotiation
    permission: ClassVar[str] = "chat.use_gateway"
    fault: ClassVar[Code] = errors.SERVER_ERROR
    _has_failed = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        cors.require_allowed_origin(request)
        # A browser's preflight carries no credentials.
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)
            if request.auth is not None:
                throttles.requests.take(request.auth)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = Response(status=204)
        cors.expose_preflight(request, response, self.allowed_methods)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response for any exception."""
        self._has_failed = True
        match exc:
            case ChatError():
                response = answer({**exc.data, "error": legacy_sentence(exc)}, exc.code)
                if (wait := exc.data.get("retryAfter")) is not None:
                    response["Retry-After"] = str(max(1, math.ceil(wait)))
                return response
            case BadName():
                return _refusal(errors.ILLEGAL_USER_ID, legacy_sentence(exc))
            case exceptions.AuthenticationFailed():
                return _refusal(errors.NOT_AUTHORISED, str(exc.detail))
            case exceptions.NotAuthenticated() | exceptions.PermissionDenied():
                return _refusal(errors.NOT_AUTHORISED, "This call needs an API token with the right permission.")
            case exceptions.MethodNotAllowed():
                return _refusal(errors.NO_SUCH_COMMAND, f"Call this by {' or '.join(self.allowed_methods)}.")
            case exceptions.ParseError() | exceptions.UnsupportedMediaType():
                return _refusal(
                    errors.ILLEGAL_PARAMETER, "Give parameters in the query or as application/x-www-form-urlencoded."
                )
            case SuspiciousOperation():
                return _refusal(errors.ILLEGAL_PARAMETER, "Too many parameters.")
            case DatabaseError():
                logger.error("call_database_error", extra={"call": self.request.path, "error": type(exc).__name__})
                return _refusal(self.fault, "A fault here. Try again.")
            case _:
                logger.error("call_error", exc_info=exc, extra={"call": self.request.path})
                return _refusal(errors.SERVER_ERROR, "A fault here. Try again.")

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not self._has_failed and request.method != "OPTIONS":
            log_recovery(logger, "call_database_error")
        response = super().finalize_response(request, response, *args, **kwargs)
        cors.expose_response(request, response)
        response["Cache-Control"] = "no-store"
        return response


def answer(data: dict[str, Any] | None = None, code: Code = errors.SUCCESS) -> Response:
    return Response({"code": code.number, "msg": code.text, "data": data or {}})


def _refusal(code: Code, error: str) -> Response:
    return answer({"error": error}, code)
