"""Reads the variables that contain a connection URL with a password. No error shows a part of their values."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from imsite.options import read

REDIS_SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix")
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<user>(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*)(?P<rest>[^#@]*)", re.I)
_HOST = re.compile(r"(?:\[[0-9a-f:.%]+\]|[^:\[\]]*)(?::[0-9]+)?", re.I)
"""A host with or without a port, as in the URL."""


def connection_url(name: str) -> str:
    """Return the URL in the variable; empty if it is not set.

    Raises ImproperlyConfigured if a character in the password cuts the URL short: `/`, `?` and `#` end the part with
    the host, so the site would connect to a wrong host.
    """
    url = str(read(name))
    return _checked(name, url)


def _checked(name: str, url: str) -> str:
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
    """Return REDIS_URL; empty if it is not set.

    Raises ImproperlyConfigured if it is no URL of Redis, or the file IM_REDIS_CA is missing.
    """
    return _redis_url("REDIS_URL", str(read("REDIS_URL")))


def redis_channel_urls() -> tuple[str, ...]:
    """Return the URLs in REDIS_CHANNEL_URLS. Raises ImproperlyConfigured like `redis_url`."""
    return tuple(_redis_url("REDIS_CHANNEL_URLS", url) for url in str(read("REDIS_CHANNEL_URLS")).split())


def _redis_url(name: str, url: str) -> str:
    """Return the URL, with IM_REDIS_CA as an argument that redis-py reads."""
    url = _checked(name, url)
    if not url:
        return url
    parts = urlsplit(url)
    if parts.scheme not in REDIS_SCHEMES:
        *others, last = (f"{scheme}://" for scheme in REDIS_SCHEMES)
        raise ImproperlyConfigured(f"{name} must begin with {', '.join(others)} or {last}.")
    if "+sentinel" in parts.scheme and not parts.path.strip("/"):
        raise ImproperlyConfigured(
            f"{name} lacks the name of the service that the Sentinels watch, such as mymaster in "
            f"{parts.scheme}://:password@host1:26379,host2:26379/mymaster/0."
        )
    ca = str(read("IM_REDIS_CA"))
    if not ca or not parts.scheme.startswith("rediss") or "ssl_ca_certs=" in parts.query:
        return url
    if not os.access(ca, os.R_OK):
        raise ImproperlyConfigured(f"IM_REDIS_CA: {ca} cannot be read.")
    return f"{url}{'&' if parts.query else '?'}ssl_ca_certs={quote(ca, safe='')}"
