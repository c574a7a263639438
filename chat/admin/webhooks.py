"""Webhooks out in the admin: made, tested, switched off and on, taken back in the log, and every attempt to look at."""

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
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.base import ReadOnly
from accounts.models import User
from chat import reasons
from chat.admin.admin_actions import AdminAction
from chat.admin.base import State
from chat.admin.forms import channel_named
from chat.admin.queries import channel_link, channel_titles
from chat.admin.secrets import SecretAdmin
from chat.errors import ChatError
from chat.models import Webhook, WebhookDeadLetter, WebhookDelivery
from chat.webhooks.outgoing import actions as webhooks
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.dead_letters import dead_letters_delete_all
from chat.webhooks.outgoing.ping import webhook_ping
from chat.wire.schema.events import SUBSCRIPTIONS, WEBHOOK_EVENTS
from delivery import log


def _test(operator: User, hook: Webhook) -> None:
    answer = webhook_ping(user=operator, webhook_id=hook.pk)
    if not answer.ok:
        raise ChatError(reasons.WEBHOOK_TEST_FAILED, sentence=answer.error)


def _renew(operator: User, hook: Any) -> None:
    hook.told_secret = webhooks.webhook_rotate_secret(user=operator, webhook_id=hook.pk)


class ReplayForm(forms.Form):
    """A place in the log."""

    position = forms.IntegerField(
        label=_("Position"),
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("What comes after it is sent, also if it has been sent before; what lies before it is not."),
    )


TEST = AdminAction(
    name="test",
    title=_("Send a test"),
    meaning=_("One event “ping” is sent now. What came of it stands below among the attempts."),
    done=_("%(count)d answered well."),
    applies=lambda hook: True,
    act=_test,
    icon="send",
)
ENABLE = AdminAction(
    name="enable",
    title=_("Switch on, try now"),
    meaning=_("It is tried at once, from where it was in the log. From now on it hears what you may read."),
    done=_("%(count)d switched on."),
    applies=lambda hook: not hook.enabled or hook.failures > 0,
    act=lambda operator, hook: webhooks.webhook_enable(user=operator, webhook_id=hook.pk),
)
RETRY = AdminAction(
    name="retry",
    title=_("Send what was refused again"),
    meaning=_("What its receiver has refused is sent once more, now. From now on it hears what you may read."),
    done=_("%(count)d tried."),
    applies=lambda hook: hook.enabled and bool(hook_selectors.dead_letter_counts([hook])),
    act=lambda operator, hook: webhooks.webhook_enable(user=operator, webhook_id=hook.pk),
)
FORGET = AdminAction(
    name="forget",
    title=_("Let go what was refused"),
    meaning=_("What its receiver has refused is not sent again."),
    done=_("%(count)d let go."),
    applies=lambda hook: bool(hook_selectors.dead_letter_counts([hook])),
    act=lambda operator, hook: dead_letters_delete_all(user=operator, webhook_id=hook.pk),
)
DISABLE = AdminAction(
    name="disable",
    title=_("Switch off"),
    meaning=_("Nothing more is sent. Switched on again, it goes on from where it was."),
    done=_("%(count)d switched off."),
    applies=lambda hook: hook.enabled,
    act=lambda operator, hook: webhooks.webhook_disable(user=operator, webhook_id=hook.pk),
)
REPLAY = AdminAction(
    name="replay",
    title=_("Go to a position"),
    meaning=_("Deliver from another place in the log."),
    done=_("%(count)d moved."),
    applies=lambda hook: True,
    act=lambda operator, hook, position: webhooks.webhook_replay(user=operator, webhook_id=hook.pk, position=position),
    form=lambda hook, typed: ReplayForm(typed, initial={"position": hook.position if hook is not None else None}),
)
RENEW = AdminAction(
    name="renew",
    title=_("New secret"),
    meaning=_("What is sent from now on is signed by another secret, which the receiver must know."),
    done=_("%(count)d given a new secret."),
    applies=lambda hook: True,
    act=_renew,
)
REMOVE = AdminAction(
    name="remove",
    title=_("Remove"),
    meaning=_("The webhook and the record of its attempts are gone for good."),
    done=_("%(count)d removed."),
    applies=lambda hook: True,
    act=lambda operator, hook: webhooks.webhook_delete(user=operator, webhook_id=hook.pk),
    permission="chat.delete_webhook",
)


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is heard, and who is told."""

    # Not the model's own field, which knows no host without a dot.
    receiver = forms.CharField(label=_("URL"), max_length=webhooks.URL_LIMIT, widget=UnfoldAdminTextInputWidget)
    heard = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(name, _(WEBHOOK_EVENTS[name].label)) for name in SUBSCRIPTIONS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    of_channel = forms.CharField(
        label=_("Channel"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Its number or exact name; empty: all groups and rooms, no private channel."),
    )

    class Meta:
        model = Webhook
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["heard"].initial = self.instance.subscriptions
            self.fields["receiver"].initial = self.instance.url
            self.fields.pop("of_channel", None)

    def clean_of_channel(self) -> int | None:
        return channel_named(self.cleaned_data["of_channel"])


class _Kept(ReadOnly, TabularInline):  # type: ignore[misc]
    """What is kept of a webhook, to be looked at."""

    tab = True
    hide_title = True
    per_page = 50
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AttemptInline(_Kept):
    """The last attempts, the newest first; one without events was a test."""

    model = WebhookDelivery
    verbose_name_plural = _("attempts")
    fields = ("attempted_at", "event_count", "positions", "attempt", "status", "error", "duration_ms")
    readonly_fields = fields
    ordering = ("-attempted_at", "-pk")

    @admin.display(description=_("positions"))
    def positions(self, row: WebhookDelivery) -> str:
        return f"{row.first_position}–{row.last_position}" if row.event_count else "–"


class AsideInline(_Kept):
    """What the receiver refused while it took others, by its place in the log."""

    model = WebhookDeadLetter
    verbose_name_plural = _("refused")
    fields = ("position", "created_at", "attempts", "status", "error", "next_attempt_at")
    readonly_fields = fields
    ordering = ("position",)


@admin.register(Webhook)
class WebhookAdmin(SecretAdmin):
    """One's own, or with the right to manage channels everybody's."""

    form = WebhookForm
    list_display = ("name", "host", "hears", "channel_shown", "state", "behind", "refused", "created_by")
    search_fields = ("name",)
    ordering = ("pk",)
    deeds = (ENABLE, DISABLE)
    page_deeds = (TEST, ENABLE, RETRY, FORGET, DISABLE, REPLAY, RENEW, REMOVE)
    inlines = (AttemptInline, AsideInline)
    secret_meaning = _("The receiver tells by this secret that a request is from this site.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        assert isinstance(request.user, User)
        return hook_selectors.webhooks_of(request.user).select_related("channel", "created_by")

    def get_inlines(self, request: HttpRequest, obj: Webhook | None) -> tuple[type[_Kept], ...]:
        return self.inlines if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "receiver", "heard", "of_channel")
        state = ("channel_shown", "state", "reason", "failing_since", "position", "behind", "created_by")
        return ("name", "receiver", "heard", *state)

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)[3:]

    def complete(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows if row.channel is not None})
        head, refused = log.head(), hook_selectors.dead_letter_counts(rows)
        for row in rows:
            row.aside = refused.get(row.pk, 0)
            row.title = titles.get(row.channel_id)
            row.waiting = head - row.position

    def after(self, request: HttpRequest, deed: AdminAction, row: Any) -> HttpResponse:
        if deed is REMOVE:
            return HttpResponseRedirect(reverse("admin:chat_webhook_changelist"))
        return super().after(request, deed, row)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        given = {
            "name": form.cleaned_data["name"],
            "url": form.cleaned_data["receiver"],
            "events": form.cleaned_data["heard"],
        }
        if change:
            webhooks.webhook_update(user=request.user, webhook_id=obj.pk, **given)
            return
        made, obj.told_secret = webhooks.webhook_create(
            maker=request.user, channel_id=form.cleaned_data["of_channel"], **given
        )
        obj.pk = made.pk

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Of the form alone: attempts are only looked at."""
        return super().construct_change_message(request, form, [], add)

    @admin.display(description=_("to"))
    def host(self, row: Webhook) -> str:
        """The rest of the URL may hold a secret."""
        return row.url.split("/", 3)[2]

    @admin.display(description=_("hears"))
    def hears(self, row: Webhook) -> str:
        return ", ".join(row.subscriptions)

    @admin.display(description=_("channel"))
    def channel_shown(self, row: Any) -> str:
        return gettext("all but private") if row.channel is None else channel_link(row.channel, row.title)

    @display(description=_("state"), label={"on": "success", "failing": "warning", "off": "danger"})  # type: ignore[untyped-decorator]
    def state(self, row: Webhook) -> State:
        if not row.enabled:
            return State("off", gettext("off"))
        return State("failing", gettext("failing")) if row.failures else State("on", gettext("on"))

    @admin.display(description=_("reason"))
    def reason(self, row: Webhook) -> str:
        if row.disabled_reason:
            return row.disabled_reason
        last = next(iter(hook_selectors.deliveries(row, 1)), None)
        return last.error if row.failures and last is not None else ""

    @admin.display(description=_("events behind"))
    def behind(self, row: Any) -> int:
        """Of the log, whatever they are about; a thousand may lie behind one that nothing concerns."""
        return int(row.waiting)

    @admin.display(description=_("refused"))
    def refused(self, row: Any) -> int:
        """Events that the receiver would not take while it took others."""
        return int(row.aside)
