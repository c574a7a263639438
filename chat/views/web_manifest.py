"""The web app manifest: browsers install the chat as an app.

A phone puts it on its home screen, where iOS allows notifications.
"""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=3600)
def web_manifest(request: HttpRequest) -> JsonResponse:
    manifest = {
        "id": "/",
        "name": "imsite",
        "short_name": "imsite",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f7f6",
        "theme_color": "#f6f7f6",
        "icons": [
            {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            _png("icon-192.png", 192),
            _png("icon-512.png", 512),
            # The system cuts its own shape out of this one.
            _png("icon-maskable-512.png", 512) | {"purpose": "maskable"},
        ],
    }
    return JsonResponse(manifest, content_type="application/manifest+json")


def _png(name: str, size: int) -> dict[str, str]:
    return {"src": static(f"img/{name}"), "sizes": f"{size}x{size}", "type": "image/png"}
