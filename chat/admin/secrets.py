"""Model admins that show a secret once: in one response, and in no message, session or URL, which would store it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from chat.admin.admin_actions import AdminAction, Text
from chat.admin.base import LargeTableAdmin


class SecretAdmin(LargeTableAdmin):
    """Model admin of rows that get a secret on creation or by an action.

    Subclasses set it as `new_secret` of the row.
    """

    secret_description: Text = ""
    """The text beside the secret."""

    def secret_text(self, request: HttpRequest, row: Any) -> str:
        """Return the secret as the operator copies it, such as a URL that contains it."""
        return str(row.new_secret)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj)

    def run_on_row(self, request: HttpRequest, object_id: str, admin_action: AdminAction) -> HttpResponse:
        response = super().run_on_row(request, object_id, admin_action)
        row = getattr(request, "row_with_secret", None)
        return response if row is None else self._show_secret(request, row)

    def _run(self, request: HttpRequest, rows: list[Any], admin_action: AdminAction, form: forms.Form) -> int:
        count = super()._run(request, rows, admin_action, form)
        request.row_with_secret = next((row for row in rows if hasattr(row, "new_secret")), None)  # type: ignore[attr-defined]
        return count

    def _show_secret(self, request: HttpRequest, row: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "row": row,
            "secret": self.secret_text(request, row),
            "description": self.secret_description,
        }
        return TemplateResponse(request, "admin/chat/secret_created.html", context)
