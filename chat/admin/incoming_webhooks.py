"""Incoming webhooks in the admin: made, with the URL shown once, switched off and on, given another URL."""

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
from chat.admin.base import State
from chat.admin.forms import channel_named
from chat.admin.queries import channel_link, channel_titles, person_link
from chat.admin.secrets import SecretAdmin
from chat.models import IncomingWebhook
from chat.webhooks.incoming import actions as hooks


def _renew(operator: User, hook: Any) -> None:
    hook.told_secret = hooks.incoming_webhook_rotate_secret(user=operator, hook_id=hook.pk)


ENABLE = AdminAction(
    name="enable",
    title=_("Switch on"),
    meaning=_("Whoever has its URL can post again."),
    done=_("%(count)d switched on."),
    applies=lambda hook: not hook.enabled,
    act=lambda operator, hook: hooks.incoming_webhook_enable(user=operator, hook_id=hook.pk),
)
DISABLE = AdminAction(
    name="disable",
    title=_("Switch off"),
    meaning=_("Its URL leads nowhere until it is switched on again."),
    done=_("%(count)d switched off."),
    applies=lambda hook: hook.enabled,
    act=lambda operator, hook: hooks.incoming_webhook_disable(hook_id=hook.pk),
)
RENEW = AdminAction(
    name="renew",
    title=_("New URL"),
    meaning=_("The present URL leads nowhere from now on; the new one is shown once."),
    done=_("%(count)d given a new URL."),
    applies=lambda hook: True,
    act=_renew,
)


class IncomingHookForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where it posts, and as whom."""

    name = forms.CharField(
        label=_("Name"),
        max_length=USER_NAME_MAX_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Its messages are said in this name."),
    )
    of_channel = forms.CharField(
        label=_("Channel"),
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number or exact name of a group or an app's room. Its bot joins the group."),
    )

    class Meta:
        model = IncomingWebhook
        fields = ("name",)

    def clean_of_channel(self) -> int | None:
        return channel_named(self.cleaned_data["of_channel"])


@admin.register(IncomingWebhook)
class IncomingHookAdmin(SecretAdmin):
    """The secret part of the URL is not kept."""

    form = IncomingHookForm
    list_display = ("name", "channel_shown", "bot_shown", "state", "last_used_at", "created_by", "created_at")
    search_fields = ("name",)
    ordering = ("pk",)
    deeds = (ENABLE, DISABLE)
    page_deeds = (ENABLE, DISABLE, RENEW)
    secret_meaning = _('POST {"text": "…"} to this URL.')

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncomingWebhook]:
        found: QuerySet[IncomingWebhook] = super().get_queryset(request)
        return found.select_related("channel", "bot", "created_by")

    def has_change_permission(self, request: HttpRequest, obj: IncomingWebhook | None = None) -> bool:
        """Nothing of it is typed into."""
        return False

    def get_fields(self, request: HttpRequest, obj: IncomingWebhook | None = None) -> tuple[str, ...]:
        return ("name", "of_channel") if obj is None else (*self.list_display,)

    def get_readonly_fields(self, request: HttpRequest, obj: IncomingWebhook | None = None) -> tuple[str, ...]:
        return () if obj is None else (*self.list_display,)

    def complete(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows})
        for row in rows:
            row.title = titles[row.channel_id]

    def secret_shown(self, request: HttpRequest, row: Any) -> str:
        return request.build_absolute_uri(f"/hooks/{row.told_secret}/")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        made, obj.told_secret = hooks.incoming_webhook_create(
            maker=request.user, name=form.cleaned_data["name"], channel_id=form.cleaned_data["of_channel"]
        )
        obj.pk = made.pk

    @admin.display(description=_("channel"))
    def channel_shown(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("bot"))
    def bot_shown(self, row: IncomingWebhook) -> str:
        return person_link(row.bot)

    @display(description=_("state"), label={"on": "success", "off": "danger"})  # type: ignore[untyped-decorator]
    def state(self, row: IncomingWebhook) -> State:
        return State("on", gettext("on")) if row.enabled else State("off", gettext("off"))
