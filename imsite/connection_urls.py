"""Reads the variables that contain a connection URL with a password. No error shows a part of their values."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from imsite.options import read

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<user>(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*)(?P<rest>[^#@]*)", re.I)
_HOST = re.compile(r"(?:\[[0-9a-f:.%]+\]|[^:\[\]]*)(?::[0-9]+)?", re.I)
"""A host with or without a port, as in the URL."""


def connection_url(name: str) -> str:
    """Return the URL in the variable; empty if it is not set.

    Raises ImproperlyConfigured if a character in the password cuts the URL short: `/`, `?` and `#` end the part with
    the host, so the site would connect to a wrong host.
    """
    url = str(read(name))
    # A file's path may contain any sign, and such a URL has no password.
    if not url or url.startswith("sqlite:"):
        return url
    match = _URL.fullmatch(url)
    if match is None or not all(map(_HOST.fullmatch, match["hosts"].split(","))):
        raise ImproperlyConfigured(
            f"{name} is not a valid URL. Percent-encode the signs in its user name and password, such as / (%2F), "
            "? (%3F), # (%23) and @ (%40)."
        )
    # Python's parser takes brackets for those of an IPv6 address.
    user = match["user"].replace("[", "%5B").replace("]", "%5D")
    return f"{match['scheme']}://{user}{match['hosts']}{match['rest']}"


def redis_url() -> str:
    """Return REDIS_URL; empty if it is not set. Raises ImproperlyConfigured if it is no URL of a Redis server."""
    url = connection_url("REDIS_URL")
    if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
    return url
