"""The rule for origins of web pages, for WebSockets and HTTP calls, and the log lines of refused ones."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from delivery.refusal_log import log_refusal

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin_allowed(origin: str | None, *, cookie: bool, host: str, secure: bool) -> bool:
    """Return whether a page of `origin` may call: the site's own origin, or one in IM_ALLOWED_ORIGINS.

    An origin is scheme, host and port. A request without Origin comes from a program, which may call unless it carries
    a cookie.
    """
    if origin is None:
        return not cookie
    origin = normalize_origin(origin)
    if origin in _normalized(tuple(settings.IM_ALLOWED_ORIGINS)):
        return True
    return _host_allowed(host) and origin == own_origin(host, secure)


def widget_origin_allowed(origin: str | None, *, host: str, secure: bool) -> bool:
    """Return whether a page of `origin` may embed a channel: also one in IM_WIDGET_ORIGINS. Programs may not."""
    if origin is None:
        return False
    if normalize_origin(origin) in _normalized(tuple(settings.IM_WIDGET_ORIGINS)):
        return True
    return origin_allowed(origin, cookie=False, host=host, secure=secure)


def log_refused_origin(origin: str | None, *, host: str, secure: bool, setting: str = "IM_ALLOWED_ORIGINS") -> None:
    """Log the setting that refuses a page: ALLOWED_HOSTS, IM_TRUSTED_PROXIES, or `setting`, which lists origins."""
    own, allowed = own_origin(host, secure), getattr(settings, setting)
    received = "a cookie without an Origin header" if origin is None else normalize_origin(origin)
    if not _host_allowed(host):
        log_refusal("host_refused", received=host, allowed=", ".join(settings.ALLOWED_HOSTS), setting="ALLOWED_HOSTS")
    elif received == own_origin(host, not secure):
        # The page came by the other scheme, so a proxy ends TLS, and its X-Forwarded-Proto is missing or not trusted.
        log_refusal("origin_refused", received=received, allowed=own, setting="IM_TRUSTED_PROXIES")
    else:
        log_refusal("origin_refused", received=received, allowed=", ".join((own, *allowed)), setting=setting)


def _host_allowed(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def own_origin(host: str, secure: bool) -> str:
    """Return the origin of the site's own pages for a request with this Host header."""
    return normalize_origin(f"{'https' if secure else 'http'}://{host}")


def normalize_origin(origin: str) -> str:
    """Return the origin in lower case, without its scheme's default port."""
    scheme, separator, host = origin.lower().partition("://")
    return scheme + separator + host.removesuffix(_DEFAULT_PORTS.get(scheme, ""))


@cache
def _normalized(origins: tuple[str, ...]) -> frozenset[str]:
    return frozenset(normalize_origin(origin.rstrip("/")) for origin in origins)
