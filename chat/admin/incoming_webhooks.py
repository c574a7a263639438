"""Incoming webhooks in the admin: create, enable, disable, rotate the URL. A URL is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.names import USER_NAME_MAX_LENGTH
from chat.admin.admin_actions import AdminAction
from chat.admin.base import Status
from chat.admin.display import channel_link, user_link
from chat.admin.form_fields import channel_id_from
from chat.admin.queries import channel_titles
from chat.admin.secrets import SecretAdmin
from chat.models import IncomingWebhook
from chat.webhooks.incoming import actions


def _rotate_url(operator: User, hook: Any) -> None:
    hook.new_secret = actions.incoming_webhook_rotate_secret(user=operator, hook_id=hook.pk)


ENABLE = AdminAction(
    name="enable",
    title=_("Enable"),
    description=_("The URL accepts posts again."),
    success=_("%(count)d enabled."),
    applies_to=lambda hook: not hook.enabled,
    run=lambda operator, hook: actions.incoming_webhook_enable(user=operator, hook_id=hook.pk),
)
DISABLE = AdminAction(
    name="disable",
    title=_("Disable"),
    description=_("The URL stops working until the webhook is enabled."),
    success=_("%(count)d disabled."),
    applies_to=lambda hook: hook.enabled,
    run=lambda operator, hook: actions.incoming_webhook_disable(hook_id=hook.pk),
)
ROTATE_URL = AdminAction(
    name="rotate_url",
    title=_("Rotate URL"),
    description=_("The present URL stops working. The new URL is shown once."),
    success=_("URL rotated for %(count)d webhooks."),
    applies_to=lambda hook: True,
    run=_rotate_url,
)


class IncomingWebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and channel of an incoming webhook."""

    name = forms.CharField(
        label=_("Name"),
        max_length=USER_NAME_MAX_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Shown as the sender of its messages."),
    )
    channel_term = forms.CharField(
        label=_("Channel"),
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number or exact name of a group or a global channel. The webhook's bot joins the group."),
    )

    class Meta:
        model = IncomingWebhook
        fields = ("name",)

    def clean_channel_term(self) -> int | None:
        return channel_id_from(self.cleaned_data["channel_term"])


@admin.register(IncomingWebhook)
class IncomingWebhookAdmin(SecretAdmin):
    """Lists incoming webhooks. The secret part of their URLs is not stored."""

    form = IncomingWebhookForm
    list_display = ("name", "channel_title", "bot_link", "status", "last_used_at", "created_by", "created_at")
    search_fields = ("name",)
    ordering = ("pk",)
    list_actions = (ENABLE, DISABLE)
    page_actions = (ENABLE, DISABLE, ROTATE_URL)
    secret_description = _('POST {"text": "…"} to this URL.')

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncomingWebhook]:
        found: QuerySet[IncomingWebhook] = super().get_queryset(request)
        return found.select_related("channel", "bot", "created_by")

    def has_change_permission(self, request: HttpRequest, obj: IncomingWebhook | None = None) -> bool:
        """Return false: no field can be edited."""
        return False

    def get_fields(self, request: HttpRequest, obj: IncomingWebhook | None = None) -> tuple[str, ...]:
        return ("name", "channel_term") if obj is None else self.list_display

    def get_readonly_fields(self, request: HttpRequest, obj: IncomingWebhook | None = None) -> tuple[str, ...]:
        return () if obj is None else self.list_display

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows})
        for row in rows:
            row.title = titles[row.channel_id]

    def secret_text(self, request: HttpRequest, row: Any) -> str:
        return request.build_absolute_uri(f"/hooks/{row.new_secret}/")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        created, obj.new_secret = actions.incoming_webhook_create(
            creator=request.user, name=form.cleaned_data["name"], channel_id=form.cleaned_data["channel_term"]
        )
        obj.pk = created.pk

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("bot"))
    def bot_link(self, row: IncomingWebhook) -> str:
        return user_link(row.bot)

    @display(description=_("status"), label={"enabled": "success", "disabled": "danger"})  # type: ignore[untyped-decorator]
    def status(self, row: IncomingWebhook) -> Status:
        if row.enabled:
            return Status("enabled", gettext("enabled"))
        return Status("disabled", gettext("disabled"))
