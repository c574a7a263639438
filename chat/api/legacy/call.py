"""The base of the HTTP calls outside `/api/v1/`: access, and responses of the form `{"code", "msg", "data"}`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import errors
from chat.api.common import cors
from chat.api.common.admission import admit_to_legacy
from chat.api.common.authentication import authenticate
from chat.api.common.negotiation import AlwaysJsonNegotiation
from chat.api.legacy.access import HasPermission, ServiceToken
from chat.api.legacy.answers import (
    LegacyRenderer,
    answer_body,
    log_success,
    refusal_headers,
    refusal_of,
    response_headers,
)
from chat.api.legacy.parameters import LegacyFormParser
from chat.errors import Code
from delivery.event_loop import run_blocking


class LegacyCallView(APIView):  # type: ignore[misc]
    """One call. The HTTP status is always 200, as existing clients expect; `code` is the outcome.

    `permission` is required of the token's user, `fault` is the code of a database error. Cookies are ignored, so there
    is no CSRF token; a page of another origin is refused before the call has any effect.
    """

    authentication_classes: tuple[type[BaseAuthentication], ...] = (ServiceToken,)
    permission_classes = (HasPermission,)
    renderer_classes = (LegacyRenderer,)
    parser_classes = (LegacyFormParser,)
    content_negotiation_class = AlwaysJsonNegotiation
    permission: ClassVar[str] = "chat.use_gateway"
    fault: ClassVar[Code] = errors.SERVER_ERROR
    _has_failed = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # A browser's preflight carries no credentials.
        if request.method == "OPTIONS":
            cors.require_allowed_origin(request)
            return
        run_blocking(
            admit_to_legacy(request, lambda: authenticate(self, request), lambda _: self.check_permissions(request))
        )

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = Response(status=204)
        cors.expose_preflight(request, response, self.allowed_methods)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response for any exception."""
        self._has_failed = True
        code, data = refusal_of(exc, call=self.request.path, fault=self.fault, methods=self.allowed_methods)
        response = answer(data, code)
        for name, value in refusal_headers(data).items():
            response[name] = value
        return response

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not self._has_failed and request.method != "OPTIONS":
            log_success()
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in response_headers(request).items():
            response[name] = value
        return response


def answer(data: dict[str, Any] | None = None, code: Code = errors.SUCCESS) -> Response:
    return Response(answer_body(data, code))
