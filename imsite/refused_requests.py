"""Logs requests that Django refuses for their host or CSRF token, with what would have been allowed."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from chat.origins import normalize_origin, own_origin
from delivery.refusal_log import log_refusal


class RefusedFormFilter(logging.Filter):
    """Logs `form_refused` instead of Django's own line, which names neither the allowed origin nor a setting."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            _log_refused_form(request)
            return False
        return True


class RefusedHostFilter(logging.Filter):
    """Logs `host_refused` instead of Django's own line, which does not name the allowed hosts."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            hosts = ", ".join(settings.ALLOWED_HOSTS)
            log_refusal(
                "host_refused", received=request.META.get("HTTP_HOST", ""), allowed=hosts, setting="ALLOWED_HOSTS"
            )
            return False
        return True


def _log_refused_form(request: HttpRequest) -> None:
    secure, host = request.is_secure(), request.get_host()
    own, received = own_origin(host, secure), _form_origin(request)
    if received == own_origin(host, not secure):
        # The page came by the other scheme, so a proxy ends TLS, and its X-Forwarded-Proto is missing or not trusted.
        log_refusal("form_refused", received=received, allowed=own, setting="IM_TRUSTED_PROXIES")
    elif settings.CSRF_COOKIE_SECURE and not secure:
        # Browsers keep no secure cookie that comes over HTTP.
        log_refusal("form_refused", received=own, allowed="https", setting="IM_TRUSTED_PROXIES")
    elif received not in ("", own):
        # A form of another site, or a proxy that does not pass the Host header on.
        log_refusal("form_refused", received=received, allowed=own)
    else:
        log_refusal("form_refused", received="an outdated CSRF token", allowed="a token of the browser's session")


def _form_origin(request: HttpRequest) -> str:
    """Return the origin of the form's page from Origin or Referer; empty if the browser sends neither."""
    if origin := request.headers.get("Origin"):
        return normalize_origin(origin)
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    return normalize_origin(f"{page.scheme}://{page.netloc}") if page.netloc else ""
