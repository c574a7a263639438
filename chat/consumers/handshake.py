"""Reads the headers of a WebSocket handshake and checks its origin before it is accepted."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from chat.origins import log_refused_origin, origin_allowed, widget_origin_allowed

Scope = dict[str, Any]


def header(scope: Scope, name: bytes) -> str | None:
    """Return the header's value, or None if it is absent."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def scope_origin_allowed(scope: Scope) -> bool:
    """Return whether the page or program may connect. A refusal is logged."""
    origin, host = header(scope, b"origin"), header(scope, b"host") or ""
    secure = scope.get("scheme") in ("wss", "https")
    allowed = origin_allowed(origin, cookie=header(scope, b"cookie") is not None, host=host, secure=secure)
    if not allowed:
        log_refused_origin(origin, host=host, secure=secure)
    return allowed


def widget_origin(scope: Scope) -> str | None:
    """Return the origin of the page if it may embed a channel. A refusal is logged."""
    origin, host = header(scope, b"origin"), header(scope, b"host") or ""
    secure = scope.get("scheme") in ("wss", "https")
    if widget_origin_allowed(origin, host=host, secure=secure):
        return origin
    log_refused_origin(origin, host=host, secure=secure, setting="IM_WIDGET_ORIGINS")
    return None


def session_key(scope: Scope) -> str:
    """Return the session key of the handshake's cookie; empty without one.

    The standard library's cookie parser is not used: it takes quadratic time on hostile input, and this runs on the
    event loop.
    """
    found = ""
    for pair in (header(scope, b"cookie") or "").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == settings.SESSION_COOKIE_NAME:
            found = value.strip()  # The last one wins, as in Django.
    return found
