"""The data of the page's emoji picker."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from chat.emoji_catalog import emoji_catalog


@require_safe
@cache_control(public=True, no_cache=True)
@condition(etag_func=lambda request: emoji_catalog()[1])
def emoji_json(request: HttpRequest) -> HttpResponse:
    """Return the catalogue as `chat.emoji_catalog` describes it. Browsers keep it and ask whether it has changed."""
    return HttpResponse(emoji_catalog()[0], content_type="application/json")
