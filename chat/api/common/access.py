"""Who may call: a token with the permission, or a program in a network that the operator has opened."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat.api.v1.access import ApiToken

_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class ServiceToken(ApiToken):
    """The API's. Whoever shows a credential is judged by it alone, never by the network."""


class MayCall(BasePermission):  # type: ignore[misc]
    """The view's `permission`; without a token, an address in IM_OPEN_GATEWAY."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is not None:
            return bool(request.user.has_perm(view.permission))
        return from_open_network(request)


def from_open_network(request: HttpRequest | Request) -> bool:
    """Whether the client's address is in a network of IM_OPEN_GATEWAY."""
    return from_networks(request, settings.IM_OPEN_GATEWAY)


def from_networks(request: HttpRequest | Request, networks: Iterable[str]) -> bool:
    """Whether the client's address is in one of the networks.

    The server has put the address there that its trusted proxies name. A request that says it was forwarded where no
    proxy is trusted came from nobody knows where: the address is that of a proxy, which may well stand on loopback.
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
