"""Read the headers of a WebSocket handshake, and check its origin before it is accepted."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from chat.origins import origin_allowed

Scope = dict[str, Any]


def header(scope: Scope, name: bytes) -> str | None:
    """The header's value; None if it is absent."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def scope_origin_allowed(scope: Scope) -> bool:
    return origin_allowed(
        header(scope, b"origin"),
        cookie=header(scope, b"cookie") is not None,
        host=header(scope, b"host") or "",
        secure=scope.get("scheme") in ("wss", "https"),
    )


def session_key(scope: Scope) -> str:
    """The browser session the handshake carries; empty without.

    Not by the standard library's parser, which takes the square of what it is given, and this is the event loop.
    """
    found = ""
    for pair in (header(scope, b"cookie") or "").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == settings.SESSION_COOKIE_NAME:
            found = value.strip()  # The last, as for the pages.
    return found
