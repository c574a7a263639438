"""Sets a request's client address, scheme and host from the headers of trusted proxies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from chat.api.common.networks import FORWARDING_HEADERS, UNKNOWN_CLIENT
from delivery.request_id import HEADER, accept_request_id
from imsite.server.local_url import UNIX_PEER

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_FORWARDING = frozenset(name.lower().encode() for name in FORWARDING_HEADERS)
_DEFAULT_PORTS = {"http": b":80", "ws": b":80", "https": b":443", "wss": b":443"}
_NO_ADDRESS = "0.0.0.0"
"""Stands for a peer without an IP address, such as one on a Unix socket."""


class ProxyHeaders:
    """ASGI middleware that uses X-Forwarded-For and X-Forwarded-Proto from IM_TRUSTED_PROXIES only.

    The client's address in the scope is always an IP address. Where the headers name none (`unknown`, `_hidden`), or
    come from another proxy, the client has the proxy's address, which counts for rate limits, and the scope contains
    UNKNOWN_CLIENT, so that the client is in no open network. The Host header loses the scheme's default port, because
    browsers leave it out of the Origin header. A scheme may be repeated by several proxies (`https, https`).
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._read_headers: Any = ProxyHeadersMiddleware(_do_nothing, trusted_hosts=settings.IM_TRUSTED_PROXIES or [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            names = {name for name, _ in scope["headers"]}
            given = next((value for name, value in scope["headers"] if name == HEADER), b"") if HEADER in names else b""
            accept_request_id(given)
            has_scheme = b"x-forwarded-proto" in names
            if has_scheme:
                _change_header(scope, b"x-forwarded-proto", _join_equal_schemes)
            is_forwarded = not _FORWARDING.isdisjoint(names)
            await self._set_client(scope, receive, send, is_forwarded=is_forwarded, has_scheme=has_scheme)
            port = _DEFAULT_PORTS.get(scope.get("scheme", "http"), b"")
            if any(name == b"host" and value.endswith(port) for name, value in scope["headers"]):
                _change_header(scope, b"host", lambda host: host.removesuffix(port))
        await self._application(scope, receive, send)

    async def _set_client(
        self, scope: Scope, receive: Receive, send: Send, *, is_forwarded: bool, has_scheme: bool
    ) -> None:
        address, port = (scope.get("client") or (UNIX_PEER, 0))[:2]
        known = _usable_address(address)
        peer = scope["client"] = (known or (UNIX_PEER if address == UNIX_PEER else _NO_ADDRESS), port)
        if is_forwarded or has_scheme:
            # uvicorn's middleware replaces the client in the scope if the peer is trusted and the header is not empty.
            await self._read_headers(scope, receive, send)
        if scope["client"] is not peer:
            known = _usable_address(scope["client"][0])
            scope["client"] = peer if known is None else (known, scope["client"][1])
        elif is_forwarded:
            known = None
        if scope["client"][0] == UNIX_PEER:
            scope["client"] = (_NO_ADDRESS, port)
        if known is None:
            scope[UNKNOWN_CLIENT] = True


async def _do_nothing(*arguments: Any) -> None:
    """Do nothing, as the application behind uvicorn's middleware."""


@lru_cache(maxsize=4096)
def _usable_address(text: str) -> str | None:
    """Return the IP address in its usual form, without a zone, IPv4 as such; None if the text is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def _change_header(scope: Scope, name: bytes, change: Callable[[bytes], bytes]) -> None:
    scope["headers"] = [(key, change(value) if key == name else value) for key, value in scope["headers"]]


def _join_equal_schemes(value: bytes) -> bytes:
    """Return the scheme on which all proxies agree; otherwise several, which uvicorn ignores."""
    return b",".join(sorted({scheme.strip() for scheme in value.lower().split(b",")}))
