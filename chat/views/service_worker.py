"""The service worker of the chat page: the parts of static/js/service-worker as one script for the whole site."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from chat.views.offline_shell import offline_files, page_version

PARTS = ("push.js", "shell.js")
"""The files, in their order. Each is a script that shares no name with the others."""
_DIRECTORY = "static/js/service-worker"


@cache
def _script() -> tuple[bytes, str]:
    """Return the script and its ETag."""
    directory = settings.BASE_DIR / _DIRECTORY
    version = page_version()
    shell = {
        "version": version,
        "url": f"/offline-shell/{version}/",
        "files": offline_files(),
        "base": settings.STATIC_FILES_URL,
    }
    # A new version of the page makes a new worker, which stores it.
    head = f"self.imShell = {json.dumps(shell)};".encode()
    script = b"\n".join((head, *((directory / name).read_bytes() for name in PARTS)))
    return script, f'"{hashlib.sha256(script).hexdigest()[:32]}"'


def content_security_policy() -> str:
    """Return the header of the worker, which loads the page and its files only."""
    return f"default-src 'none'; connect-src 'self'{f' {settings.STATIC_FILES_URL}' if settings.IM_STATIC_URL else ''}"


@require_safe
@cache_control(public=True, no_cache=True)
@condition(etag_func=lambda request: _script()[1])
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the script. Browsers ask for it at each visit, and take over a new one when it differs."""
    response = HttpResponse(_script()[0], content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Content-Security-Policy"] = content_security_policy()
    response["X-Content-Type-Options"] = "nosniff"
    return response
