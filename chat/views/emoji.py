"""The data of the page's emoji picker, and the pictures of custom emoji."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from chat.emoji_catalog import emoji_catalog
from chat.selectors.custom_emoji import custom_emoji_picture
from chat.views.files import CONTENT_SECURITY_POLICY

_DIGEST = re.compile("[0-9a-f]{64}")
_YEAR_SECONDS = 31_536_000


@require_safe
@cache_control(public=True, no_cache=True)
@condition(etag_func=lambda request: emoji_catalog()[1])
def emoji_json(request: HttpRequest) -> HttpResponse:
    """Return the catalogue as `chat.emoji_catalog` describes it. Browsers keep it and ask whether it has changed."""
    return HttpResponse(emoji_catalog()[0], content_type="application/json")


@require_safe
@cache_control(public=True, max_age=_YEAR_SECONDS, immutable=True)
def custom_emoji_image(request: HttpRequest, sha256: str) -> HttpResponse:
    """Return the picture of a custom emoji, which every user of the site may see. Its address names its content."""
    picture = custom_emoji_picture(sha256) if _DIGEST.fullmatch(sha256) else None
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/webp")
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response
