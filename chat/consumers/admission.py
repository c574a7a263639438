"""Who may open a WebSocket: by origin, before it is accepted, and by number."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings

from accounts.throttle import network
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


class Doorkeeper:
    """Counts the connections of this process, in all and by address, of IPv6 by network."""

    def __init__(self) -> None:
        self.total = 0
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count one more; False, and nothing counted, if the process or the address has its fill."""
        if self.total >= settings.IM_MAX_CONNECTIONS:
            return False
        address = network(address)
        if self._by_address[address] >= settings.IM_MAX_CONNECTIONS_PER_ADDRESS:
            return False
        self.total += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        address = network(address)
        self.total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
