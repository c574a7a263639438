"""The web app manifest. With it, a phone can put the chat on its home screen, where iOS allows notifications."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=3600)
def web_manifest(request: HttpRequest) -> JsonResponse:
    manifest = {
        "name": "imsite",
        "short_name": "imsite",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f7f6",
        "theme_color": "#f6f7f6",
        "icons": [{"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JsonResponse(manifest, content_type="application/manifest+json")
