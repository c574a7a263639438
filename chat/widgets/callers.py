"""Identifies the user of a widget's HTTP call by the token in its Authorization header. Cookies count for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from accounts.models import User
from chat import reasons
from chat.errors import ChatError
from chat.origins import log_refused_origin, normalize_origin, own_origin, widget_origin_allowed
from chat.widgets.selectors import widget_member
from chat.widgets.tokens import WidgetToken, read_widget_token

PREFLIGHT_SECONDS = 7200
"""Seconds for which a browser need not ask again whether a page may call. No browser keeps the answer longer."""


class WidgetRequest(Protocol):
    """The part of a request that is read here."""

    META: dict[str, Any]

    @property
    def headers(self) -> Mapping[str, str]: ...

    def get_host(self) -> str: ...

    def is_secure(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class WidgetCaller:
    """The user of a widget, and the id of its one channel."""

    user: User
    channel: int


def widget_caller(request: WidgetRequest) -> WidgetCaller:
    """Return the caller. Raise ChatError as `request_token` and `widget_member` do."""
    token = request_token(request)
    user, channel = widget_member(token)
    return WidgetCaller(user, channel.pk)


def request_token(request: WidgetRequest) -> WidgetToken:
    """Return the token of a call from a page that may embed it.

    Raise ChatError WIDGET_ORIGIN_NOT_ALLOWED, and as `read_widget_token`.
    """
    require_widget_page(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    # Browsers send no Origin to the page's own site.
    origin = request.headers.get("Origin") or own_origin(request.get_host(), request.is_secure())
    return read_widget_token(token if scheme.lower() == "bearer" else "", origin=normalize_origin(origin))


def require_widget_page(request: WidgetRequest) -> None:
    """Log the call of a page that may not embed a channel, and raise ChatError WIDGET_ORIGIN_NOT_ALLOWED."""
    if not _is_allowed_page(request):
        host, secure = request.get_host(), request.is_secure()
        log_refused_origin(request.headers.get("Origin"), host=host, secure=secure, setting="IM_WIDGET_ORIGINS")
        raise ChatError(reasons.WIDGET_ORIGIN_NOT_ALLOWED)


def page_headers(request: WidgetRequest, *methods: str) -> dict[str, str]:
    """Return the CORS headers for a page that may embed a channel. `methods`: those that a preflight allows."""
    headers = {"Vary": "Origin"}
    origin = request.headers.get("Origin")
    if origin is not None and _is_allowed_page(request):
        headers["Access-Control-Allow-Origin"] = origin
        if methods:
            headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            headers["Access-Control-Allow-Headers"] = "authorization, content-type"
            headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return headers


def _is_allowed_page(request: WidgetRequest) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or widget_origin_allowed(origin, host=request.get_host(), secure=request.is_secure())
