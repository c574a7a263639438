"""API tokens in the admin: list and revoke all, create those of service accounts, which are shown once."""

from __future__ import annotations

from typing import Any, cast

import knox.admin  # noqa: F401  Registers what is unregistered here.
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts import errors
from accounts.actions import service_token_create, token_revoke
from accounts.actions.tokens import NAME_MAX_LENGTH
from accounts.admin.base import ReadOnlyMixin, SiteModelAdmin
from accounts.admin.model_translations import name_model
from accounts.admin.request_checks import WholeNumberField
from accounts.credentials import token_credential, token_digest
from accounts.errors import BadToken
from accounts.models import Service, User
from accounts.names import name_key
from accounts.selectors.services import tokens

admin.site.unregister(AuthToken)
name_model(AuthToken, "API token", "API tokens")


class ApiTokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """Owner, name and lifetime of a new token."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Describe what the token is for, such as the machine that uses it."),
    )
    days = WholeNumberField(
        label=_("Expiration"),
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Number of days until the token expires."),
    )


@admin.register(AuthToken)
class ApiTokenAdmin(ReadOnlyMixin, SiteModelAdmin):
    """Lists tokens by name and last use. Only their digests are stored, so they cannot be shown again."""

    form = ApiTokenForm
    list_display = ("user", "token_name", "created", "expiry", "last_used", "last_address", "creator")
    list_display_links = None
    search_fields = ("user__username_key", "user__nickname_key", "name")
    search_help_text = _("Username, nickname or token name")
    ordering = ("-created",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        allowed: bool = SiteModelAdmin.has_add_permission(self, request)
        return allowed

    def get_fields(self, request: HttpRequest, obj: AuthToken | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("user", "name", "days")
        return ("user", "token_name", "created", "expiry", "last_used", "last_address", "creator")

    def get_readonly_fields(self, request: HttpRequest, obj: AuthToken | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"days": settings.IM_TOKEN_DAYS} | initial

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = Service.objects.filter(is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuthToken]:
        return tokens()

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[AuthToken], search_term: str
    ) -> tuple[QuerySet[AuthToken], bool]:
        found: tuple[QuerySet[AuthToken], bool] = super().search_rows(request, queryset, name_key(search_term))
        return found

    @admin.display(description=_("name"), ordering="name")
    def token_name(self, token: Any) -> str | None:
        return str(token.name) if token.name else None

    @admin.display(description=_("last used"), ordering="last_seen_at")
    def last_used(self, token: Any) -> Any:
        return token.last_seen_at

    @admin.display(description=_("IP address"))
    def last_address(self, token: Any) -> Any:
        return token.address

    @admin.display(description=_("created by"))
    def creator(self, token: Any) -> Any:
        return token.created_by

    def save_model(self, request: HttpRequest, obj: AuthToken, form: Any, change: bool) -> None:
        data = form.cleaned_data
        service, operator = data["user"], cast(User, request.user)
        # A token grants all permissions of its service account: its creator must not gain any.
        if service.is_superuser or service.get_all_permissions() - operator.get_all_permissions():
            raise BadToken(errors.TOKEN_EXCEEDS_CREATOR, name=service.username)
        created = service_token_create(service=service, name=data["name"], days=data["days"], created_by=operator)
        obj.digest = token_digest(created.token)
        request.created_token = created  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: AuthToken, message: Any) -> LogEntry:
        created = request.created_token  # type: ignore[attr-defined]
        return LogEntry.objects.create(
            user_id=cast(User, request.user).pk,
            content_type=ContentType.objects.get_for_model(obj),
            # Not the row's own key, which is derived from the token.
            object_id=str(created.device.pk),
            object_repr=f"{obj.user}: {created.device.name}"[:200],
            action_flag=ADDITION,
        )

    def response_add(self, request: HttpRequest, obj: AuthToken, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token in this response only, and in no message, session or URL that would store it."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("New API token"),
            "opts": self.opts,
            "created": request.created_token,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/accounts/api_token_created.html", context)

    @admin.action(description=_("Revoke (closes connections)"), permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        count = self.run_for_each(
            request,
            queryset,
            lambda token: token_revoke(user_id=token.user_id, credential=token_credential(token.digest)),
        )
        self.message_user(request, gettext("%(count)d revoked.") % {"count": count})
