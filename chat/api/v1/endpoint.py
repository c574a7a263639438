"""The base of all calls of `/api/v1/`: authentication, rate limits, JSON bodies and responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any, ClassVar, TypeVar

import msgspec
from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import reasons
from chat.api.common import cors
from chat.api.common.admission import admit_to_v1
from chat.api.common.authentication import ApiToken, authenticate
from chat.api.common.call_request import CallRequest
from chat.api.common.negotiation import AlwaysJsonNegotiation
from chat.api.common.throttles import Allowance, throttles
from chat.api.v1 import problems
from chat.api.v1.access import HasPermission
from chat.api.v1.schema import KEY_LIMIT, Shape, parse
from chat.errors import ChatError
from delivery.event_loop import run_blocking
from delivery.idempotency import IdempotencyKey

S = TypeVar("S", bound=Shape)

Permissions = Mapping[str, str | None]

_EXPOSED = "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"


encode = msgspec.json.encode
"""Returns the body of an answer as JSON."""


class JsonRenderer(BaseRenderer):  # type: ignore[misc]
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        return b"" if data is None else encode(data)


class JsonParser(BaseParser):  # type: ignore[misc]
    """Reads a JSON body of up to IM_API_MAX_BODY_BYTES bytes; `Endpoint.body` parses it into a shape."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        limit = settings.IM_API_MAX_BODY_BYTES
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise ChatError(reasons.BODY_TOO_LARGE, limit=limit)
        return bytes(raw)


class Endpoint(APIView):  # type: ignore[misc]
    """Base of the views of one path. `permissions` names the permission for each method (None: any valid token)."""

    permissions: ClassVar[Permissions] = {}
    authentication_classes: tuple[type[BaseAuthentication], ...] = (ApiToken,)
    permission_classes: tuple[type[BasePermission], ...] = (HasPermission,)
    renderer_classes = (JsonRenderer,)
    parser_classes = (JsonParser,)
    content_negotiation_class = AlwaysJsonNegotiation
    _has_failed = False
    _allowance: Allowance | None = None
    """The rest of the token's rate limit, for the response headers; None before authentication."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # A browser's preflight carries no credentials.
        if request.method == "OPTIONS":
            cors.require_allowed_origin(request)
            return
        run_blocking(
            admit_to_v1(
                request, lambda: authenticate(self, request), lambda _: self.check_permissions(request), self._keep
            )
        )

    def _keep(self, allowance: Allowance) -> None:
        self._allowance = allowance

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = Response(status=204)
        cors.expose_preflight(request, response, self.allowed_methods)
        return response

    def body(self, request: Request, shape: type[S]) -> S:
        """Return the request's JSON body as an instance of `shape`; an empty body counts as `{}`.

        Raise ChatError BODY_NOT_JSON for malformed JSON, and INVALID_DATA with the field for JSON of another shape.
        """
        return parse_body(request.data, shape)

    def charge(self, request: Request, messages: int) -> None:
        """Count the messages that the call is about to send.

        Raise ChatError RATE_LIMITED if they exceed the token's limit.
        """
        throttles.messages.take(request.auth, messages)

    def idempotency(self, request: Request, data: Shape, key: str | None = None) -> IdempotencyKey | None:
        """Return the idempotency key of this call, from its `Idempotency-Key` header, else from `key`; None without
        both.
        """
        call = f"{request.method} {request.path}"
        return idempotency_key(call, data, caller_id=request.user.pk, header=request.headers, key=key)

    def handle_exception(self, exc: Exception) -> Response:
        """Turn every failure into a problem."""
        self._has_failed = True
        return problems.response(problems.problem_of_error(exc, call=self.request.path))

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not self._has_failed and request.method != "OPTIONS":
            problems.log_success()
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in response_headers(request, self._allowance).items():
            response[name] = value
        return response


def parse_body(raw: bytes, shape: type[S]) -> S:
    """Return the JSON body as an instance of `shape`; see `Endpoint.body`."""
    data: S = parse(raw or b"{}", shape)
    return data


def response_headers(
    request: CallRequest,
    allowance: Allowance | None,
    page_headers: Callable[[CallRequest], dict[str, str]] = cors.cors_headers,
) -> dict[str, str]:
    """Return the headers that every answer has, refusals too.

    `allowance`: the rest of the token's rate limit. `page_headers` returns the CORS headers.
    """
    headers = page_headers(request)
    if "Access-Control-Allow-Origin" in headers:
        headers["Access-Control-Expose-Headers"] = _EXPOSED
    headers["Cache-Control"] = "no-store"
    if allowance is not None:
        headers["RateLimit-Limit"] = str(allowance.limit)
        headers["RateLimit-Remaining"] = str(allowance.remaining)
        headers["RateLimit-Reset"] = str(allowance.reset)
    return headers


def idempotency_key(
    call: str, data: Shape, *, caller_id: int, header: Mapping[str, str], key: str | None
) -> IdempotencyKey | None:
    """Return the idempotency key of a call; see `Endpoint.idempotency`. `call`: its method and path."""
    request_key = idempotency_header(header) or key
    if not request_key:
        return None
    # Keyed, so that the stored hash does not help to guess a password in the body.
    request_bytes = f"{call}\n".encode() + msgspec.json.encode(data, order="sorted")
    fingerprint = salted_hmac("imsite.idempotency", request_bytes, algorithm="sha256").hexdigest()
    return IdempotencyKey(f"api:{caller_id}", request_key, fingerprint)


def idempotency_header(headers: Mapping[str, str]) -> str | None:
    """Return the `Idempotency-Key` header; None if absent.

    Raise ChatError IDEMPOTENCY_KEY_INVALID if it is empty, too long or not printable.
    """
    request_key = headers.get("Idempotency-Key")
    if request_key is None:
        return None
    key = str(request_key).strip()
    if not 0 < len(key) <= KEY_LIMIT or not key.isprintable():
        raise ChatError(reasons.IDEMPOTENCY_KEY_INVALID, limit=KEY_LIMIT, field="Idempotency-Key")
    return key


def answer(data: Any = None, status: int = 200) -> Response:
    """Return a response with a body of the declared shape; 204 has no body."""
    return Response(data, status=status)


@extend_schema(exclude=True)
class NotFoundView(Endpoint):
    """Answers 404 for every other path below `/api/v1/`."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound
