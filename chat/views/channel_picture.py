"""The pictures of groups."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from chat.selectors.channel_pictures import channel_picture
from chat.views.files import CONTENT_SECURITY_POLICY

_YEAR_SECONDS = 31_536_000


@require_safe
@cache_control(private=True, max_age=_YEAR_SECONDS, immutable=True)
def channel_picture_image(request: HttpRequest, key: str) -> HttpResponse:
    """Return the picture of a group. Its address cannot be guessed, as that of an avatar."""
    picture = channel_picture(key)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/webp")
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response
