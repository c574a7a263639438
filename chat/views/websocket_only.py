"""The answer to plain HTTP requests for a WebSocket address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache


@never_cache
def upgrade_required(request: HttpRequest) -> HttpResponse:
    """Respond 426 with one sentence."""
    sentence = _("This address is for WebSocket connections only.")
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    return HttpResponse(f"{sentence}\n", status=426, content_type="text/plain; charset=utf-8", headers=headers)
