"""Slash commands of services in the admin: register, change, enable, disable, rotate the secret, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from chat.admin.admin_actions import AdminAction
from chat.admin.base import Status
from chat.admin.display import channel_link, user_link
from chat.admin.form_fields import channel_id_from
from chat.admin.queries import channel_titles
from chat.admin.secrets import SecretAdmin
from chat.models import SlashCommand
from chat.models.slash import NAME_LIMIT
from chat.slash import actions
from chat.webhooks.outgoing.actions import URL_LIMIT


def _rotate_secret(operator: User, command: Any) -> None:
    command.new_secret = actions.slash_command_rotate_secret(command_id=command.pk)


ENABLE = AdminAction(
    name="enable",
    title=_("Enable"),
    description=_("Users can call the command again."),
    success=_("%(count)d enabled."),
    applies_to=lambda command: not command.enabled,
    run=lambda operator, command: actions.slash_command_enable(command_id=command.pk),
)
DISABLE = AdminAction(
    name="disable",
    title=_("Disable"),
    description=_("Users cannot call the command until it is enabled."),
    success=_("%(count)d disabled."),
    applies_to=lambda command: command.enabled,
    run=lambda operator, command: actions.slash_command_disable(command_id=command.pk),
)
ROTATE_SECRET = AdminAction(
    name="rotate_secret",
    title=_("Rotate secret"),
    description=_("Requests are signed with a new secret from now on. Update the receiver."),
    success=_("Secret of %(count)d slash commands rotated."),
    applies_to=lambda command: True,
    run=_rotate_secret,
)
DELETE = AdminAction(
    name="remove",
    title=_("Delete slash command"),
    description=_("The command is deleted permanently. The messages of its bot stay."),
    success=_("%(count)d deleted."),
    applies_to=lambda command: True,
    run=lambda operator, command: actions.slash_command_delete(command_id=command.pk),
    permission="chat.delete_slashcommand",
)


class SlashCommandForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, texts, URL and place of a command. Name and place cannot be changed later."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LIMIT,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Users call it with a slash, such as /deploy. Its bot has this name, too."),
    )
    # The model's own field rejects host names without a dot.
    receiver_url = forms.CharField(label=_("URL"), max_length=URL_LIMIT, widget=UnfoldAdminTextInputWidget)
    channel_term = forms.CharField(
        label=_("Channel"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number or exact name of the only group or global channel in which it works. The bot joins it."),
    )

    class Meta:
        model = SlashCommand
        fields = ("name", "description", "hint", "app")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["receiver_url"].initial = self.instance.url
            for name in ("name", "channel_term", "app"):
                self.fields.pop(name, None)

    def clean_channel_term(self) -> int | None:
        return channel_id_from(self.cleaned_data["channel_term"])


@admin.register(SlashCommand)
class SlashCommandAdmin(SecretAdmin):
    """Lists the slash commands of services."""

    form = SlashCommandForm
    list_display = ("code", "description", "host", "place", "app_name", "status", "created_by")
    search_fields = ("name",)
    ordering = ("name",)
    list_actions = (ENABLE, DISABLE)
    page_actions = (ENABLE, DISABLE, ROTATE_SECRET, DELETE)
    secret_description = _("The receiver uses this secret to verify that requests come from this site.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SlashCommand]:
        found: QuerySet[SlashCommand] = super().get_queryset(request)
        return found.select_related("app", "channel", "bot", "created_by")

    def get_fields(self, request: HttpRequest, obj: SlashCommand | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "description", "hint", "receiver_url", "app", "channel_term")
        return ("description", "hint", "receiver_url", *self.get_readonly_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: SlashCommand | None = None) -> tuple[str, ...]:
        return () if obj is None else ("code", "place", "app_name", "status", "bot_link", "created_by")

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows if row.channel is not None})
        for row in rows:
            row.title = titles.get(row.channel_id)

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        if admin_action is DELETE:
            return HttpResponseRedirect(reverse("admin:chat_slashcommand_changelist"))
        return super().response_after(request, admin_action, row)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        data = form.cleaned_data
        texts = {"description": data["description"], "hint": data["hint"], "url": data["receiver_url"]}
        if change:
            actions.slash_command_update(command_id=obj.pk, **texts)
            return
        created, obj.new_secret = actions.slash_command_create(
            creator=request.user, name=data["name"], app=data["app"], channel_id=data["channel_term"], **texts
        )
        obj.pk, obj.name = created.pk, created.name

    @admin.display(description=_("name"), ordering="name")
    def code(self, row: SlashCommand) -> str:
        return str(row)

    @admin.display(description=_("host"))
    def host(self, row: SlashCommand) -> str:
        """Return the host only, because the rest of the URL may contain a secret."""
        return row.url.split("/", 3)[2]

    @admin.display(description=_("channel"))
    def place(self, row: Any) -> str:
        return gettext("all") if row.channel is None else channel_link(row.channel, row.title)

    @admin.display(description=_("app"))
    def app_name(self, row: SlashCommand) -> str:
        return gettext("all apps") if row.app is None else str(row.app)

    @admin.display(description=_("bot"))
    def bot_link(self, row: SlashCommand) -> str:
        return user_link(row.bot)

    @display(description=_("status"), label={"enabled": "success", "disabled": "danger"})  # type: ignore[untyped-decorator]
    def status(self, row: SlashCommand) -> Status:
        return Status("enabled", gettext("enabled")) if row.enabled else Status("disabled", gettext("disabled"))
