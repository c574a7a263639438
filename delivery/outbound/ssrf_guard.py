"""Where the site may send requests on somebody's behalf: to the public internet, and to what the operator has opened.

Whoever names a URL must not reach by it what only this machine reaches: its neighbours, its cloud's metadata, itself.
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
_LOOKUPS = 16
"""Names that are looked up at a time; a name server that does not answer holds one up for seconds."""
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
"""Besides what Python's `ipaddress` knows: carriers' own networks, and ways by which IPv6 wraps an IPv4 address."""
_INTERNET_6 = ip_network("2000::/3")
"""All of the IPv6 internet; what lies outside is local, wraps an IPv4 address, or is nobody's."""


class NotAllowed(Exception):
    """This URL is not called; the text says why."""


def check_url(text: str) -> httpx.URL:
    """The URL if it may be called as far as can be told without looking its name up. Raises NotAllowed."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise NotAllowed("This is no URL.") from None
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host.decode("ascii")):
        raise NotAllowed("A URL begins with https:// or http:// and a host.")
    if url.userinfo or url.fragment:
        raise NotAllowed("A URL has no user name, password or fragment.")
    if (address := _literal(url.raw_host.decode("ascii"))) is not None:
        _require_allowed(address)
    return url


async def addresses_of(url: httpx.URL) -> list[Address]:
    """The addresses of the URL's host, looked up once. NotAllowed unless each may be called; OSError for none."""
    host = url.raw_host.decode("ascii")
    address = _literal(host)
    found = [address] if address is not None else await _looked_up(host)
    # One that is not allowed is no accident: nothing of such a name is called.
    for each in found:
        _require_allowed(each)
    return found


async def _looked_up(host: str) -> list[Address]:
    loop = asyncio.get_running_loop()
    answers = await loop.run_in_executor(_lookups(), lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))


@cache
def _lookups() -> ThreadPoolExecutor:
    """Threads of their own: names that nobody answers for must not hold up what else needs one."""
    return ThreadPoolExecutor(max_workers=_LOOKUPS, thread_name_prefix="lookup")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _require_allowed(address: Address) -> None:
    if not allowed(address, settings.IM_WEBHOOK_PRIVATE_NETWORKS):
        raise NotAllowed(
            "Its address belongs to a private network. Add the network to IM_WEBHOOK_PRIVATE_NETWORKS to allow it."
        )


def allowed(address: Address, opened: Iterable[str]) -> bool:
    """Whether the address is one of the public internet, or in one of the `opened` networks."""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return _public(address) or any(address in network for network in _networks(tuple(opened)))


def _public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _INTERNET_6:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


@cache
def _networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in texts]
