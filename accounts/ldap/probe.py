"""Finds a server of the directory that answers.

OpenLDAP's library does not limit the time of a TLS handshake: a server that accepts connections and then says nothing
would hold up a sign-in forever. So the same handshake is made with a time limit before.
"""

from __future__ import annotations

import socket
import ssl
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

_PORTS = {"ldap": 389, "ldaps": 636}


def reachable_uri() -> str:
    """Return the first URI of IM_LDAP_URI whose server answers. Raises OSError if none does."""
    failure = OSError("IM_LDAP_URI is empty")
    for uri in settings.IM_LDAP_URI.split():
        try:
            _connect(uri)
        except OSError as error:
            failure = error
        else:
            return str(uri)
    raise failure


def _connect(uri: str) -> None:
    parts = urlsplit(uri)
    if parts.scheme not in _PORTS:
        return
    host, limit = parts.hostname or "localhost", settings.IM_LDAP_TIMEOUT
    with socket.create_connection((host, parts.port or _PORTS[parts.scheme]), timeout=limit) as connection:
        if parts.scheme == "ldaps":
            _context(settings.IM_LDAP_CA).wrap_socket(connection, server_hostname=host).close()


@cache
def _context(authorities: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authorities or None)
