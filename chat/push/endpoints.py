"""The URLs of push services that the site may call."""

from __future__ import annotations

import httpx
from django.conf import settings

from delivery.outbound.ssrf_guard import UrlNotAllowed, check_url, is_address, is_in_networks

MAX_LENGTH = 1000
_HTTPS_PORTS = (None, 443)


def check_endpoint(endpoint: str) -> httpx.URL:
    """Return the URL of a push service. Raise UrlNotAllowed if the site does not call it.

    It must be https of a host name on the usual port, or an address in IM_PUSH_PRIVATE_NETWORKS. `http_client.post`
    also checks the addresses of its host, at each call.
    """
    if len(endpoint) > MAX_LENGTH or not endpoint.isascii() or not endpoint.isprintable():
        raise UrlNotAllowed("This is not the URL of a push service.")
    url = check_url(endpoint, settings.IM_PUSH_PRIVATE_NETWORKS)
    if is_in_networks(url, settings.IM_PUSH_PRIVATE_NETWORKS):
        return url
    if url.scheme != "https" or url.port not in _HTTPS_PORTS or is_address(url):
        raise UrlNotAllowed("This is not the URL of a push service.")
    return url
