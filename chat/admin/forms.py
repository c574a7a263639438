"""What is asked of an operator besides "are you sure": for how long, why, what holds from now on, whose it shall be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import User
from chat import rules
from chat.admin.queries import channels_called, members_named
from chat.models import Channel, Membership

SPANS = (
    (1, _("An hour")),
    (24, _("A day")),
    (24 * 7, _("A week")),
    (24 * 30, _("30 days")),
    (0, _("Until it is lifted")),
)


def channel_named(term: str) -> int | None:
    """The one channel of that number or exact name; None for an empty term."""
    if not term.strip():
        return None
    found = list(Channel.objects.filter(channels_called(term.strip(), exactly=True)).values_list("pk", flat=True)[:2])
    if not found:
        raise forms.ValidationError(gettext("There is no such channel."))
    if len(found) > 1:
        raise forms.ValidationError(gettext("Several are called so. Give the number."))
    return found[0]


def _choices(model: type[Model], field: str) -> Callable[[], Any]:
    return lambda: model._meta.get_field(field).choices  # type: ignore[union-attr]


class ReasonForm(forms.Form):
    """Why something is done that needs nothing else to be said; for the record."""

    why = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=rules.REASON_LIMIT,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("It stands in the record of changes; nobody else is told."),
    )


class RestrictForm(forms.Form):
    """For how long and why; the person is told both."""

    hours = forms.TypedChoiceField(
        label=_("For"), choices=SPANS, coerce=int, initial=24, widget=UnfoldAdminSelectWidget
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=rules.REASON_LIMIT,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The person reads it."),
    )

    def clean(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        if (hours := given.pop("hours", None)) is not None:
            given["until"] = timezone.now() + timedelta(hours=hours) if hours else None
        return given


class SiteBanForm(RestrictForm):
    """Who is banned from the site is only signed out, and told neither."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("For other operators: the person does not read it.")


class WhereForm(RestrictForm):
    """The same, in one channel or everywhere."""

    channel_id = forms.CharField(
        label=_("Channel"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Its number or exact name; empty: everywhere."),
    )
    field_order = ("channel_id", "hours", "reason")

    def clean_channel_id(self) -> int | None:
        return channel_named(self.cleaned_data["channel_id"])


class PolicyForm(forms.Form):
    """What holds in a channel. A room that is open to its whole app has fewer choices."""

    join = forms.ChoiceField(label=_("Who may join"), choices=_choices(Channel, "join"), widget=UnfoldAdminSelectWidget)
    listed = forms.BooleanField(
        label=_("Strangers find it"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("It needs a name then."),
    )
    history = forms.ChoiceField(
        label=_("Read of the past"),
        choices=_choices(Channel, "history"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("What members read of the time before they came. Where anyone may join: all of it."),
    )
    announcements_only = forms.BooleanField(
        label=_("Announcements only"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Only owners and admins write; in an app's room, services."),
    )
    slow_mode = forms.IntegerField(
        label=_("Slow mode"),
        min_value=0,
        max_value=rules.MAX_SLOW_MODE_SECONDS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Seconds between two messages of one member; 0: none."),
    )
    retention_days = forms.IntegerField(
        label=_("Retention"),
        required=False,
        min_value=0,
        max_value=36500,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "Days for which messages are kept. Empty: as the site has it; 0: for good. What is older goes soon."
        ),
    )


def policy_form(channel: Channel | None, typed: Any) -> forms.Form:
    """Filled with what holds now; of several channels with nothing."""
    initial = {field: getattr(channel, field) for field in PolicyForm.base_fields} if channel is not None else {}
    form = PolicyForm(typed, initial=initial)
    if channel is not None and channel.kind != Channel.Kind.PUBLIC:
        barred: tuple[str, ...] = ("join", "listed", "history")
        if channel.kind == Channel.Kind.PRIVATE:
            barred = (*barred, "announcements_only", "slow_mode")
        for field in barred:
            del form.fields[field]
    return form


class MemberForm(forms.Form):
    """One of a channel's members, by name."""

    member = forms.CharField(
        label=_("Member"), widget=UnfoldAdminTextInputWidget, help_text=_("The user name of a member.")
    )

    def __init__(self, channel: Channel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._channel = channel

    def clean_member(self) -> User:
        user = members_named(self._channel, self.cleaned_data["member"]).first()
        if user is None:
            raise forms.ValidationError(gettext("No member is called so."))
        return user


class RoleForm(MemberForm):
    """Which member, and what they are from now on. Who owns the group is changed by giving it away."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, _(str(role.label))) for role in (Membership.Role.ADMIN, Membership.Role.MEMBER)],
        widget=UnfoldAdminSelectWidget,
    )


class RestrictMemberForm(RestrictForm, MemberForm):
    """Which member, for how long, and why."""

    field_order = ("member", "hours", "reason")


def with_form(form: type[forms.Form]) -> Callable[[Any, Any], forms.Form]:
    """A deed's form that is the same for every row."""
    return lambda row, typed: form(typed)
