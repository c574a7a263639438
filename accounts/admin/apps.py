"""Apps in the admin. Their number cannot be changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import PositiveIntegerField
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from accounts.actions import app_create, app_update
from accounts.admin.base import SiteModelAdmin
from accounts.admin.request_checks import WholeNumberField
from accounts.models import App
from accounts.names import BadName, check_name
from accounts.refusal_texts import localized


class AppForm(forms.ModelForm):  # type: ignore[type-arg]
    """An app's number, name and switches."""

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if "name" not in self.changed_data:
            return name
        try:
            return check_name(name, limit=64)
        except BadName as bad:
            raise forms.ValidationError(localized(bad)) from None


@admin.register(App)
class AppAdmin(SiteModelAdmin):
    """Creates and edits apps."""

    form = AppForm
    list_display = ("number", "name", "enabled", "guests_allowed")
    list_filter = ("enabled", "guests_allowed")
    search_fields = ("number", "name")
    fields = ("number", "name", "enabled", "guests_allowed")
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        PositiveIntegerField: {"form_class": WholeNumberField, "widget": UnfoldAdminIntegerFieldWidget}
    }

    def get_readonly_fields(self, request: HttpRequest, obj: App | None = None) -> tuple[str, ...]:
        return ("number",) if obj else ()

    def save_model(self, request: HttpRequest, obj: App, form: Any, change: bool) -> None:
        data = form.cleaned_data
        if change:
            app_update(
                number=obj.number,
                name=data["name"],
                enabled=data["enabled"],
                guests_allowed=data["guests_allowed"],
            )
        else:
            obj.pk = app_create(**data).pk
