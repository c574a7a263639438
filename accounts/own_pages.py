"""Checks addresses that a form or a link gives as the page to open next."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_page(request: HttpRequest, address: str, default: str) -> str:
    """Return the address if it is a page of this site, else the default."""
    is_own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_own else default
