"""Which web pages may call, by the Origin their browser names: one rule for WebSockets and for HTTP calls."""

from __future__ import annotations

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def origin_allowed(origin: str | None, *, cookie: bool, host: str, secure: bool) -> bool:
    """Whether a page of `origin` may call: the site's own page, or one on IM_ALLOWED_ORIGINS (scheme, host and port).

    Without Origin it is a program, which is welcome unless it carries a cookie.
    """
    if origin is None:
        return not cookie
    if origin in settings.IM_ALLOWED_ORIGINS:
        return True
    domain, _ = split_domain_port(host)
    own = f"{'https' if secure else 'http'}://{host}"
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS) and origin.lower() == own.lower()
