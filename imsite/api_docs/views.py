"""Pages of the API documentation: `/api/schema/`, `/api/docs/` and `/api/protocol/`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat import errors
from chat.api.v1.schema import SHOWN_MARKUP
from imsite.api_docs import openapi
from imsite.api_docs import protocol as protocol_page
from imsite.api_docs.access import for_readers


@require_safe
@for_readers
def schema(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document."""
    return HttpResponse(openapi.document_text(), content_type="application/json")


@require_safe
@for_readers
def docs(request: HttpRequest) -> HttpResponse:
    """Return a viewer of the OpenAPI document that can also make calls."""
    return render(request, "api_docs/docs.html")


@require_safe
@for_readers
def protocol(request: HttpRequest) -> HttpResponse:
    """Return the page on the WebSocket protocols."""
    content = {
        "nouns": protocol_page.commands(),
        "pushes": protocol_page.pushes(),
        "shapes": protocol_page.shapes(),
        "codes": errors.CODES,
        "reasons": protocol_page.reasons(),
        "closes": protocol_page.closes(),
        "markup": SHOWN_MARKUP,
        "limits": protocol_page.limits(),
        "enums": protocol_page.enums(),
        "frames": protocol_page.frames(),
    }
    return render(request, "api_docs/protocol.html", content)
