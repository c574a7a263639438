"""The script and the style sheet of widgets, at URLs that do not change: pages of other sites name them.

The script is the bundle of `static/js/widget.js` as a classic script, so a page needs no CORS for it, and none of its
names become global.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from imsite.bundles import WIDGET_ENTRY, bundle_name
from imsite.bundles.store import bundle_directory

CACHE_SECONDS = 300
STYLE_SHEETS = ("widget.css", "widget-messages.css", "widget-files.css")
"""The style sheets of the widget, in their order."""


@lru_cache(maxsize=2)
def _script(bundle: Path) -> tuple[bytes, str]:
    """Return the script and its ETag. A bundle's directory changes with its sources."""
    modules = bundle.read_text(encoding="utf-8").rpartition("//# sourceMappingURL=")[0]
    return _with_etag(f'(() => {{ "use strict";\n{modules}}})();\n'.encode())


@lru_cache(maxsize=2)
def _styles(files: tuple[tuple[Path, int], ...]) -> tuple[bytes, str]:
    """Return the style sheets as one and its ETag. `files`: with the times of their last change."""
    return _with_etag(b"\n".join(path.read_bytes() for path, _ in files))


def _with_etag(content: bytes) -> tuple[bytes, str]:
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _current_script() -> tuple[bytes, str]:
    return _script(bundle_directory() / bundle_name(WIDGET_ENTRY))


def _current_styles() -> tuple[bytes, str]:
    directory = Path(settings.BASE_DIR) / "static" / "css"
    return _styles(tuple((directory / name, (directory / name).stat().st_mtime_ns) for name in STYLE_SHEETS))


@gzip_page
@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
@condition(etag_func=lambda request: _current_script()[1])
def widget_script(request: HttpRequest) -> HttpResponse:
    """Return the script that pages load to embed a channel."""
    return _for_any_page(_current_script()[0], "text/javascript")


@gzip_page
@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
@condition(etag_func=lambda request: _current_styles()[1])
def widget_styles(request: HttpRequest) -> HttpResponse:
    """Return the style sheet of the widget's shadow tree."""
    return _for_any_page(_current_styles()[0], "text/css")


def _for_any_page(content: bytes, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=f"{content_type}; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
