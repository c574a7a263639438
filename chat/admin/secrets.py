"""Secrets that are shown in one answer only: in no message, session or address that would keep them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from chat.admin.admin_actions import AdminAction, Text
from chat.admin.base import LargeTableAdmin


class SecretAdmin(LargeTableAdmin):
    """Rows whose making, or one of whose deeds, gives a secret: it is told as `told_secret` of the row."""

    secret_meaning: Text = ""
    """What is said beside it."""

    def secret_shown(self, request: HttpRequest, row: Any) -> str:
        """As it is to be copied."""
        return str(row.told_secret)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._tell(request, obj)

    def single(self, request: HttpRequest, object_id: str, deed: AdminAction) -> HttpResponse:
        response = super().single(request, object_id, deed)
        row = getattr(request, "row_with_secret", None)
        return response if row is None else self._tell(request, row)

    def _do(self, request: HttpRequest, rows: list[Any], deed: AdminAction, form: forms.Form) -> int:
        done = super()._do(request, rows, deed, form)
        request.row_with_secret = next((row for row in rows if hasattr(row, "told_secret")), None)  # type: ignore[attr-defined]
        return done

    def _tell(self, request: HttpRequest, row: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "row": row,
            "secret": self.secret_shown(request, row),
            "meaning": self.secret_meaning,
        }
        return TemplateResponse(request, "admin/chat/secret_told.html", context)
