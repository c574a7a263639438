"""The URL of a server for a browser on the same machine."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

UNIX_PREFIX = "unix:"
"""Begins a host that is the path of a Unix socket."""
UNIX_PEER = "unix"
"""The name in IM_TRUSTED_PROXIES of a proxy that connects to the site's Unix socket."""

_LOOPBACK = {4: "127.0.0.1", 6: "::1"}


def local_url(host: str, port: int) -> str:
    """Return the URL of a server that listens on this address or host name. All addresses (`::`) include loopback.

    A Unix socket is returned as it is.
    """
    if host.startswith(UNIX_PREFIX):
        return host
    try:
        address = ip_address(host or "0.0.0.0")
    except ValueError:
        return f"http://{host}:{port}/"
    if address.is_unspecified:
        address = ip_address(_LOOPBACK[address.version])
    # A zone such as %eth0 follows an encoded percent sign.
    name = f"[{address}]".replace("%", "%25") if isinstance(address, IPv6Address) else str(address)
    return f"http://{name}:{port}/"
