"""The rule for origins of web pages, for WebSockets and HTTP calls."""

from __future__ import annotations

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def origin_allowed(origin: str | None, *, cookie: bool, host: str, secure: bool) -> bool:
    """Return whether a page of `origin` may call: the site's own origin, or one in IM_ALLOWED_ORIGINS (scheme, host,
    port).

    A request without Origin comes from a program, which may call unless it carries a cookie.
    """
    if origin is None:
        return not cookie
    if origin in settings.IM_ALLOWED_ORIGINS:
        return True
    domain, _ = split_domain_port(host)
    own = f"{'https' if secure else 'http'}://{host}"
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS) and origin.lower() == own.lower()
