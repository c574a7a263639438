"""Services (other systems and bots) in the admin: made, named, given rights, shut out. Their tokens: `tokens`."""

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
from accounts.admin.base import ActionAdmin
from accounts.models import Service
from accounts.names import BadName, check_nickname, check_user_name, name_key
from accounts.refusal_texts import localized
from accounts.selectors.users import guest_name_taken

RIGHTS = ("groups", "user_permissions")


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The user name is given once, when the service is made."""

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        try:
            check_user_name(name, allow_reserved=True)
        except BadName as bad:
            raise forms.ValidationError(localized(bad)) from None
        if guest_name_taken(name):
            raise forms.ValidationError(gettext("This name is taken."))
        return name

    def clean_nickname(self) -> str:
        try:
            return check_nickname(self.cleaned_data["nickname"])
        except BadName as bad:
            raise forms.ValidationError(localized(bad)) from None


@admin.register(Service)
class ServiceAdmin(ActionAdmin):
    """What a service may do is said by superusers only."""

    form = ServiceForm
    list_display = ("username", "nickname", "is_active", "date_joined", "tokens")
    list_filter = ("is_active",)
    search_fields = ("username_key", "nickname_key")
    search_help_text = _("User name or nickname")
    ordering = ("username_key",)
    filter_horizontal = RIGHTS
    actions = ("deactivate", "activate", "revoke")

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("username", "nickname", *(RIGHTS if request.user.is_superuser else ()))
        return ("username", "nickname", "is_active", "date_joined", *RIGHTS, "tokens")

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        rights = () if request.user.is_superuser else RIGHTS
        return () if obj is None else ("username", "is_active", "date_joined", "tokens", *rights)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            # Each names its model, which would be a query each.
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Service], search_term: str
    ) -> tuple[QuerySet[Service], bool]:
        found: tuple[QuerySet[Service], bool] = super().get_search_results(request, queryset, name_key(search_term))
        return found

    @admin.display(description=_("tokens"))
    def tokens(self, service: Service) -> str:
        listed = reverse("admin:knox_authtoken_changelist")
        make = reverse("admin:knox_authtoken_add")
        return format_html(
            '<a href="{}?q={}">{}</a> · <a href="{}?user={}">{}</a>',
            listed,
            service.username,
            gettext("Show"),
            make,
            service.pk,
            gettext("Make one"),
        )

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        given = form.cleaned_data
        if change:
            service_rename(service_id=obj.pk, nickname=given["nickname"])
        else:
            obj.pk = service_create(username=given["username"], nickname=given["nickname"]).pk
        if request.user.is_superuser:
            service_permissions_set(service_id=obj.pk, groups=given["groups"], permissions=given["user_permissions"])

    @admin.action(description=_("Deactivate: end tokens and connections"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        done = self.try_each(request, queryset, lambda service: user_deactivate(user_id=service.pk))
        self.message_user(request, gettext("%(count)d deactivated.") % {"count": done})

    @admin.action(description=_("Activate: let in again, with new tokens"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        done = self.try_each(request, queryset, lambda service: user_activate(user_id=service.pk))
        self.message_user(request, gettext("%(count)d activated.") % {"count": done})

    @admin.action(description=_("Revoke all tokens, close connections"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        done = self.try_each(request, queryset, lambda service: sign_out_everywhere(user_id=service.pk))
        self.message_user(request, gettext("Tokens of %(count)d services revoked.") % {"count": done})
