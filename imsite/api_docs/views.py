"""`/api/schema/`, `/api/docs/`, `/api/protocol/`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat import errors
from imsite.api_docs import openapi
from imsite.api_docs import protocol as wires
from imsite.api_docs.access import for_readers


@require_safe
@for_readers
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return HttpResponse(openapi.document_text(), content_type="application/json", headers={"Cache-Control": "no-store"})


@require_safe
@for_readers
def docs(request: HttpRequest) -> HttpResponse:
    """A viewer for it, which can also make the calls."""
    return render(request, "api_docs/docs.html")


@require_safe
@for_readers
def protocol(request: HttpRequest) -> HttpResponse:
    """The WebSocket protocols."""
    content = {
        "nouns": wires.commands(),
        "pushes": wires.pushes(),
        "shapes": wires.shapes(),
        "codes": errors.CODES,
        "closes": wires.closes(),
        "limits": wires.limits(),
        "enums": wires.enums(),
        "frames": wires.frames(),
    }
    return render(request, "api_docs/protocol.html", content)
