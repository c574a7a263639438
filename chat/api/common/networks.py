"""Tests whether a request comes from one of the networks that the operator has named."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

from chat.api.common.call_request import CallRequest
from delivery.refusal_log import log_refusal

FORWARDING_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
UNKNOWN_CLIENT = "imsite.unknown_client"
"""Key of the ASGI scope, set if the client's address is not known and the one in the scope is its proxy's."""


def is_from_networks(request: CallRequest, networks: Iterable[str]) -> bool:
    """Return whether the client's address is in one of the networks.

    The server sets the address that its trusted proxies report. A request with forwarding headers from an untrusted
    proxy, or without an address in them, is never inside a network, because its address is that of the proxy, which may
    be loopback.
    """
    if _has_unknown_client(request):
        return False
    return _is_inside(request.META.get("REMOTE_ADDR", ""), tuple(networks))


def log_refused_network(request: CallRequest, setting: str) -> None:
    """Log a client that is in no network of the setting, or whose address its proxy hides."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if _has_unknown_client(request):
        received, setting = f"a client behind the proxy {address}", "IM_TRUSTED_PROXIES"
        log_refusal(
            "network_refused", received=received, allowed=settings.IM_TRUSTED_PROXIES or "no proxy", setting=setting
        )
    else:
        networks = ", ".join(getattr(settings, setting)) or "no network"
        log_refusal("network_refused", received=address, allowed=networks, setting=setting)


def _has_unknown_client(request: CallRequest) -> bool:
    return UNKNOWN_CLIENT in getattr(request, "scope", ()) or (
        not settings.IM_TRUSTED_PROXIES and any(name in request.headers for name in FORWARDING_HEADERS)
    )


@lru_cache(maxsize=4096)
def _is_inside(text: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in _networks(networks))


@cache
def _networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in texts]
