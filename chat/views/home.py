"""The chat page: an HTML shell that the ES modules fill over the WebSocket."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.models import App, User
from accounts.numbers import parse_decimal
from accounts.selectors.users import app_by_number
from chat.attachments import storage
from chat.views.boot_data import DEFAULT_APP, boot_data
from chat.views.offline_shell import page_version


@require_safe
# The page repeats nothing that a request chooses, and its CSRF token differs in each response, so the size of the
# compressed page tells nothing.
@gzip_page
@never_cache
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Render the page on one app (`appId` or `appID`, 101 if absent), signed in or not. An unknown app is a 404."""
    app = _app(request)
    user = request.user if isinstance(request.user, User) else None
    page = render(request, "chat/home.html", {"app": app, "boot": boot_data(app, user, page_version())})
    # Pictures and voice messages arrive over the WebSocket as data; `imsite.middleware` allows them on this page only.
    page.shows_blobs = True  # type: ignore[attr-defined]
    page.picture_origin = storage.signed_origin()  # type: ignore[attr-defined]
    return page


def _app(request: HttpRequest) -> App:
    number = request.GET.get("appId") or request.GET.get("appID") or str(DEFAULT_APP)
    app = app_by_number(parse_decimal(number) or 0)
    if app is None:
        raise Http404("There is no such app.")
    return app
