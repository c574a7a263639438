"""Service accounts in the admin: create, rename, set permissions, deactivate. API tokens are in `tokens`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actions import (
    service_create,
    service_permissions_set,
    service_rename,
    sign_out_everywhere,
    user_activate,
    user_deactivate,
)
from accounts.admin.base import SiteModelAdmin
from accounts.admin.name_fields import clean_new_username, clean_nickname
from accounts.models import Service
from accounts.names import name_key

PERMISSION_FIELDS = ("groups", "user_permissions")


class ServiceAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A service account's names and permissions. The username cannot be changed later."""

    def clean_username(self) -> str:
        return clean_new_username(self)

    def clean_nickname(self) -> str:
        return clean_nickname(self)


@admin.register(Service)
class ServiceAccountAdmin(SiteModelAdmin):
    """Creates and edits service accounts. Only superusers set their permissions."""

    form = ServiceAccountForm
    list_display = ("username", "nickname", "is_active", "date_joined", "tokens")
    list_filter = ("is_active",)
    search_fields = ("username_key", "nickname_key")
    search_help_text = _("Username or nickname")
    ordering = ("username_key",)
    filter_horizontal = PERMISSION_FIELDS
    actions = ("deactivate", "activate", "revoke")

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("username", "nickname", *(PERMISSION_FIELDS if request.user.is_superuser else ()))
        return ("username", "nickname", "is_active", "date_joined", *PERMISSION_FIELDS, "tokens")

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        permissions = () if request.user.is_superuser else PERMISSION_FIELDS
        return () if obj is None else ("username", "is_active", "date_joined", "tokens", *permissions)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            # A permission's name includes its content type, which would be a query each.
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[Service], search_term: str
    ) -> tuple[QuerySet[Service], bool]:
        found: tuple[QuerySet[Service], bool] = super().search_rows(request, queryset, name_key(search_term))
        return found

    @admin.display(description=_("API tokens"))
    def tokens(self, service: Service) -> str:
        return format_html(
            '<a href="{}?q={}">{}</a> · <a href="{}?user={}">{}</a>',
            reverse("admin:knox_authtoken_changelist"),
            service.username,
            gettext("Show"),
            reverse("admin:knox_authtoken_add"),
            service.pk,
            gettext("Create token"),
        )

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        data = form.cleaned_data
        if change:
            service_rename(service_id=obj.pk, nickname=data["nickname"])
        else:
            obj.pk = service_create(username=data["username"], nickname=data["nickname"]).pk
        if request.user.is_superuser:
            service_permissions_set(service_id=obj.pk, groups=data["groups"], permissions=data["user_permissions"])

    @admin.action(description=_("Deactivate (revokes tokens, closes connections)"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        count = self.run_for_each(request, queryset, lambda service: user_deactivate(user_id=service.pk))
        self.message_user(request, gettext("%(count)d deactivated.") % {"count": count})

    @admin.action(description=_("Activate (needs new tokens)"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        count = self.run_for_each(request, queryset, lambda service: user_activate(user_id=service.pk))
        self.message_user(request, gettext("%(count)d activated.") % {"count": count})

    @admin.action(description=_("Revoke all tokens (closes connections)"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        count = self.run_for_each(request, queryset, lambda service: sign_out_everywhere(user_id=service.pk))
        self.message_user(request, gettext("Revoked all tokens of %(count)d service accounts.") % {"count": count})
