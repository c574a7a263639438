"""Webhooks in the admin: create, edit, and look at delivery attempts and dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts.admin.base import ReadOnlyMixin
from accounts.models import User
from chat.admin.admin_actions import AdminAction
from chat.admin.base import Status
from chat.admin.display import channel_link
from chat.admin.form_fields import channel_id_from
from chat.admin.queries import channel_titles
from chat.admin.secrets import SecretAdmin
from chat.admin.webhook_actions import (
    DELETE,
    DELETE_DEAD_LETTERS,
    DISABLE,
    ENABLE,
    REPLAY,
    RETRY,
    ROTATE_SECRET,
    TEST,
)
from chat.models import Webhook, WebhookDeadLetter, WebhookDelivery
from chat.webhooks.outgoing.actions import URL_LIMIT, webhook_create, webhook_update
from chat.webhooks.outgoing.selectors import dead_letter_counts, deliveries, webhooks_of
from chat.wire.schema.events import SUBSCRIPTIONS, WEBHOOK_EVENTS
from delivery import log


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, URL, events and channel of a webhook. The channel cannot be changed later."""

    # The model's own field rejects host names without a dot.
    receiver_url = forms.CharField(label=_("URL"), max_length=URL_LIMIT, widget=UnfoldAdminTextInputWidget)
    subscribed_events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(name, _(WEBHOOK_EVENTS[name].label)) for name in SUBSCRIPTIONS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    channel_term = forms.CharField(
        label=_("Channel"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number or exact name. Leave empty for all channels except private ones."),
    )

    class Meta:
        model = Webhook
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["subscribed_events"].initial = self.instance.subscriptions
            self.fields["receiver_url"].initial = self.instance.url
            self.fields.pop("channel_term", None)

    def clean_channel_term(self) -> int | None:
        return channel_id_from(self.cleaned_data["channel_term"])


class _WebhookInline(ReadOnlyMixin, TabularInline):  # type: ignore[misc]
    tab = True
    hide_title = True
    per_page = 50
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class DeliveryAttemptInline(_WebhookInline):
    """Lists the last delivery attempts, newest first. An attempt without events is a test."""

    model = WebhookDelivery
    verbose_name_plural = _("delivery attempts")
    fields = ("attempted_at", "event_count", "positions", "attempt", "status", "error", "duration_ms")
    readonly_fields = fields
    ordering = ("-attempted_at", "-pk")

    @admin.display(description=_("positions"))
    def positions(self, row: WebhookDelivery) -> str:
        return f"{row.first_position}–{row.last_position}" if row.event_count else "–"


class DeadLetterInline(_WebhookInline):
    """Lists the dead letters: events that the receiver refused while it accepted others."""

    model = WebhookDeadLetter
    verbose_name_plural = _("dead letters")
    fields = ("position", "created_at", "attempts", "status", "error", "next_attempt_at")
    readonly_fields = fields
    ordering = ("position",)


@admin.register(Webhook)
class WebhookAdmin(SecretAdmin):
    """Lists the operator's own webhooks, or all with the permission to manage channels."""

    form = WebhookForm
    list_display = ("name", "host", "event_names", "channel_title", "state", "behind", "dead_letters", "created_by")
    search_fields = ("name",)
    ordering = ("pk",)
    list_actions = (ENABLE, DISABLE)
    page_actions = (TEST, ENABLE, RETRY, DELETE_DEAD_LETTERS, DISABLE, REPLAY, ROTATE_SECRET, DELETE)
    inlines = (DeliveryAttemptInline, DeadLetterInline)
    secret_description = _("The receiver uses this secret to verify that requests come from this site.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        assert isinstance(request.user, User)
        return webhooks_of(request.user).select_related("channel", "created_by")

    def get_inlines(self, request: HttpRequest, obj: Webhook | None) -> tuple[type[_WebhookInline], ...]:
        return self.inlines if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        editable = ("name", "receiver_url", "subscribed_events")
        return (*editable, "channel_term") if obj is None else (*editable, *self.get_readonly_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("channel_title", "state", "reason", "failing_since", "position", "behind", "created_by")

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows if row.channel is not None})
        head, counts = log.head(), dead_letter_counts(rows)
        for row in rows:
            row.dead_letter_count = counts.get(row.pk, 0)
            row.title = titles.get(row.channel_id)
            row.events_behind = head - row.position

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        if admin_action is DELETE:
            return HttpResponseRedirect(reverse("admin:chat_webhook_changelist"))
        return super().response_after(request, admin_action, row)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        data = {
            "name": form.cleaned_data["name"],
            "url": form.cleaned_data["receiver_url"],
            "events": form.cleaned_data["subscribed_events"],
        }
        if change:
            webhook_update(user=request.user, webhook_id=obj.pk, **data)
            return
        created, obj.new_secret = webhook_create(
            creator=request.user, channel_id=form.cleaned_data["channel_term"], **data
        )
        obj.pk = created.pk

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Describe the changes of the form only, because the inlines are read-only."""
        return super().construct_change_message(request, form, [], add)

    @admin.display(description=_("host"))
    def host(self, row: Webhook) -> str:
        """Return the host only, because the rest of the URL may contain a secret."""
        return row.url.split("/", 3)[2]

    @admin.display(description=_("events"))
    def event_names(self, row: Webhook) -> str:
        return ", ".join(row.subscriptions)

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return gettext("all except private") if row.channel is None else channel_link(row.channel, row.title)

    @display(description=_("status"), label={"enabled": "success", "failing": "warning", "disabled": "danger"})  # type: ignore[untyped-decorator]
    def state(self, row: Webhook) -> Status:
        if not row.enabled:
            return Status("disabled", gettext("disabled"))
        return Status("failing", gettext("failing")) if row.failures else Status("enabled", gettext("enabled"))

    @admin.display(description=_("reason"))
    def reason(self, row: Webhook) -> str:
        if row.disabled_reason:
            return row.disabled_reason
        last = next(iter(deliveries(row, 1)), None)
        return last.error if row.failures and last is not None else ""

    @admin.display(description=_("events behind"))
    def behind(self, row: Any) -> int:
        """Return the number of later events in the log, of all kinds. Most of them may not match the webhook."""
        return int(row.events_behind)

    @admin.display(description=_("dead letters"))
    def dead_letters(self, row: Any) -> int:
        return int(row.dead_letter_count)
