"""CORS for the HTTP calls: pages on IM_ALLOWED_ORIGINS may call and read responses, never with their cookies."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from chat.origins import origin_allowed

PREFLIGHT_SECONDS = 600


def is_allowed_origin(request: HttpRequest) -> bool:
    """Return whether the caller is a program or a page that may call. Cookies are ignored and count for nothing."""
    return origin_allowed(
        request.headers.get("Origin"), cookie=False, host=request.get_host(), secure=request.is_secure()
    )


def expose_response(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let a page that may call read the response."""
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin")
    if origin is not None and is_allowed_origin(request):
        response["Access-Control-Allow-Origin"] = origin


def expose_preflight(request: HttpRequest, response: HttpResponseBase, methods: list[str]) -> None:
    """Tell the browser what such a page may send."""
    expose_response(request, response)
    if "Access-Control-Allow-Origin" in response:
        response["Access-Control-Allow-Methods"] = ", ".join(methods)
        response["Access-Control-Allow-Headers"] = "authorization, content-type, idempotency-key, token"
        response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
