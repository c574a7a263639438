"""SSRF guard: restricts URLs given by users to the public internet and to networks that the operator allows.

Without it, such a URL could reach addresses that only this machine can reach: its network, the cloud's metadata
service, or the machine itself.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx
from django.conf import settings

Address = IPv4Address | IPv6Address

_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_MAX_LOOKUPS = 16
"""Host names resolved at a time. A name server that does not respond blocks a lookup for seconds."""
_NOT_PUBLIC = [
    ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
]
"""Networks unknown to `ipaddress`: carriers' networks, and IPv6 addresses that wrap an IPv4 address."""
_PUBLIC_IPV6 = ip_network("2000::/3")
"""The IPv6 internet. Addresses outside of it are local, wrap an IPv4 address, or are not assigned."""


class UrlNotAllowed(Exception):
    """The site does not call this URL; the text of the exception gives the reason."""


def check_url(text: str, private_networks: Iterable[str] | None = None) -> httpx.URL:
    """Return the parsed URL. Raises UrlNotAllowed if its text alone forbids calling it.

    Only http and https are allowed, no user name or fragment, and no IP address that `resolve` would refuse. Host names
    are checked by `resolve`. `private_networks` are allowed beside the internet; None: those of webhooks.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise UrlNotAllowed("This is not a valid URL.") from None
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host.decode("ascii")):
        raise UrlNotAllowed("A URL must begin with https:// or http:// and a host.")
    if url.userinfo or url.fragment:
        raise UrlNotAllowed("A URL must not contain a user name, password or fragment.")
    if (address := _parse_address(url.raw_host.decode("ascii"))) is not None:
        _require_allowed(address, private_networks)
    return url


async def resolve(url: httpx.URL, private_networks: Iterable[str] | None = None) -> list[Address]:
    """Return the addresses of the URL's host. `private_networks` as for `check_url`.

    Raises UrlNotAllowed unless all are allowed, and OSError if there are none.
    """
    host = url.raw_host.decode("ascii")
    address = _parse_address(host)
    addresses = [address] if address is not None else await _look_up(host)
    # A forbidden address among allowed ones is no accident, so none of them is called.
    for each in addresses:
        _require_allowed(each, private_networks)
    return addresses


async def _look_up(host: str) -> list[Address]:
    loop = asyncio.get_running_loop()
    answers = await loop.run_in_executor(
        _lookup_executor(), lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))


@cache
def _lookup_executor() -> ThreadPoolExecutor:
    """Return threads for lookups only, so that unanswered lookups delay nothing else."""
    return ThreadPoolExecutor(max_workers=_MAX_LOOKUPS, thread_name_prefix="lookup")


def _parse_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _require_allowed(address: Address, private_networks: Iterable[str] | None) -> None:
    networks = settings.IM_WEBHOOK_PRIVATE_NETWORKS if private_networks is None else private_networks
    if not is_allowed(address, networks):
        raise UrlNotAllowed(
            "Its address belongs to a private network. Add the network to IM_WEBHOOK_PRIVATE_NETWORKS to allow it."
        )


def is_allowed(address: Address, allowed_networks: Iterable[str]) -> bool:
    """Return whether the address is on the public internet or in one of the allowed networks."""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return _is_public(address) or any(address in network for network in _parse_networks(tuple(allowed_networks)))


def is_address(url: httpx.URL) -> bool:
    """Return whether the host of the URL is an IP address."""
    return _parse_address(url.raw_host.decode("ascii")) is not None


def is_in_networks(url: httpx.URL, networks: Iterable[str]) -> bool:
    """Return whether the host of the URL is an address in one of the networks. A host name is not looked up."""
    address = _parse_address(url.raw_host.decode("ascii"))
    return address is not None and any(address in network for network in _parse_networks(tuple(networks)))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


@cache
def _parse_networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in texts]
