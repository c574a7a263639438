"""The offline shell: the chat page as the service worker keeps it, the same for every user and browser.

It holds settings of the site only. Its user and their messages come from the browser's own copy (static/js/offline),
and everything else over the connection.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat.attachments import storage
from chat.views.boot_data import site_boot_data

_ADDRESSES = re.compile(r'(?:src|href|data-unread)="([^"]+)"')


@cache
def _unversioned_shell() -> str:
    boot = site_boot_data() | {"isShell": True}
    with override("en"):
        return render_to_string("chat/home.html", {"boot": boot})


@cache
def page_version() -> str:
    """Return a hash of all that a page is made of: the shell with its settings, the scripts and the style sheets."""
    digest = hashlib.sha256(_unversioned_shell().encode())
    # A development start serves static files under addresses without their version.
    for url in offline_files():
        if path := finders.find(url.removeprefix(settings.STATIC_FILES_URL)):
            digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


@cache
def offline_shell_html() -> str:
    """Return the page without any user, app or form token."""
    return _unversioned_shell().replace('"version": ""', f'"version": "{page_version()}"')


@cache
def offline_files() -> list[str]:
    """Return the URLs of the static files that the shell loads."""
    named = set(_ADDRESSES.findall(_unversioned_shell()))
    return sorted(address for address in named if address.startswith(settings.STATIC_FILES_URL))


@require_safe
@never_cache
def offline_shell(request: HttpRequest, version: str) -> HttpResponse:
    """Return the shell of this version; 404 for any other, as from a node that is being upgraded."""
    if version != page_version():
        raise Http404("This node has another version.")
    shell = HttpResponse(offline_shell_html())
    shell.shows_blobs = True  # type: ignore[attr-defined]
    shell.picture_origin = storage.signed_origin()  # type: ignore[attr-defined]
    return shell


@require_safe
@never_cache
def csrf_token(request: HttpRequest) -> JsonResponse:
    """Return `{"csrf"}`, the token that the requests of a page have to carry which was opened without a connection."""
    return JsonResponse({"csrf": get_token(request)})
