"""CORS for the HTTP calls: pages on IM_ALLOWED_ORIGINS may call and read responses. Their cookies are ignored."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from chat import reasons
from chat.api.common.call_request import CallRequest
from chat.errors import ChatError
from chat.origins import log_refused_origin, origin_allowed

PREFLIGHT_SECONDS = 600
_REQUEST_HEADERS = (
    "authorization, content-type, idempotency-key, token, tus-resumable, upload-length, upload-metadata, upload-offset"
)


def is_allowed_origin(request: CallRequest) -> bool:
    """Return whether the caller is a program, or a page that may call. Cookies do not affect it."""
    return origin_allowed(
        request.headers.get("Origin"), cookie=False, host=request.get_host(), secure=request.is_secure()
    )


def require_allowed_origin(request: CallRequest) -> None:
    """Log the request of a page that may not call, and raise ChatError ORIGIN_NOT_ALLOWED."""
    if not is_allowed_origin(request):
        log_refused_origin(request.headers.get("Origin"), host=request.get_host(), secure=request.is_secure())
        raise ChatError(reasons.ORIGIN_NOT_ALLOWED)


def cors_headers(request: CallRequest) -> dict[str, str]:
    """Return the headers that let the caller read the response if it is a page that may call."""
    headers = {"Vary": "Origin"}
    origin = request.headers.get("Origin")
    if origin is not None and is_allowed_origin(request):
        headers["Access-Control-Allow-Origin"] = origin
    return headers


def expose_preflight(request: HttpRequest, response: HttpResponseBase, methods: list[str]) -> None:
    """Add the CORS headers of a preflight response: allowed methods and request headers."""
    for name, value in cors_headers(request).items():
        response[name] = value
    if "Access-Control-Allow-Origin" in response:
        response["Access-Control-Allow-Methods"] = ", ".join(methods)
        response["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
