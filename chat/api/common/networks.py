"""Tests whether a request comes from one of the networks that the operator has named."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def is_from_open_network(request: HttpRequest | Request) -> bool:
    """Return whether the client's address is in a network of IM_OPEN_GATEWAY."""
    return is_from_networks(request, settings.IM_OPEN_GATEWAY)


def is_from_networks(request: HttpRequest | Request, networks: Iterable[str]) -> bool:
    """Return whether the client's address is in one of the networks.

    The server sets the address that its trusted proxies report. A request with forwarding headers from an untrusted
    proxy is never inside a network, because its address is that of the proxy, which may be loopback.
    """
    if not settings.IM_TRUSTED_PROXIES and any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in _networks(tuple(networks)))


@cache
def _networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in texts]
