"""Forms of the admin actions: reason, duration, member, and channel settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.admin.request_checks import WholeNumberField
from accounts.models import User
from chat import rules
from chat.admin.form_fields import channel_id_from, model_choices
from chat.admin.queries import members_by_username
from chat.models import Channel, Membership

DURATIONS = (
    (1, _("1 hour")),
    (24, _("1 day")),
    (24 * 7, _("7 days")),
    (24 * 30, _("30 days")),
    (0, _("Until it is lifted")),
)


class ReasonForm(forms.Form):
    """The reason for an action without a form of its own, for the audit log."""

    why = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=rules.MAX_REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Shown in the audit log only."),
    )


class RestrictForm(forms.Form):
    """Duration and reason of a mute or ban. The user sees both."""

    hours = forms.TypedChoiceField(
        label=_("Duration"), choices=DURATIONS, coerce=int, initial=24, widget=UnfoldAdminSelectWidget
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=rules.MAX_REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The user sees it."),
    )

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if (hours := data.pop("hours", None)) is not None:
            data["until"] = timezone.now() + timedelta(hours=hours) if hours else None
        return data


class SiteBanForm(RestrictForm):
    """Duration and reason of a ban from the site. The user is signed out and sees neither."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("For other operators. The user does not see it.")


class MuteForm(RestrictForm):
    """Duration, reason and channel of a mute. Without a channel it applies to all channels."""

    channel_id = forms.CharField(
        label=_("Channel"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number or exact name. Leave empty for all channels."),
    )
    field_order = ("channel_id", "hours", "reason")

    def clean_channel_id(self) -> int | None:
        return channel_id_from(self.cleaned_data["channel_id"])


class ChannelSettingsForm(forms.Form):
    """A channel's settings. Only groups have all of them."""

    topic = forms.CharField(
        label=_("Topic"),
        required=False,
        max_length=rules.MAX_TOPIC_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("One line above the messages."),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=rules.MAX_DESCRIPTION_LENGTH,
        widget=UnfoldAdminTextareaWidget,
    )
    join = forms.ChoiceField(label=_("Joining"), choices=model_choices(Channel, "join"), widget=UnfoldAdminSelectWidget)
    listed = forms.BooleanField(
        label=_("Listed"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Users can find the group by its name."),
    )
    history = forms.ChoiceField(
        label=_("History for new members"),
        choices=model_choices(Channel, "history"),
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "Messages from before they joined that members can read. In open groups, they can read everything."
        ),
    )
    announcements_only = forms.BooleanField(
        label=_("Announcements only"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Only the owner and admins can send. In a global channel, only service accounts can."),
    )
    slow_mode = WholeNumberField(
        label=_("Slow mode"),
        min_value=0,
        max_value=rules.MAX_SLOW_MODE_SECONDS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Seconds between two messages of a member. 0: off."),
    )
    retention_days = WholeNumberField(
        label=_("Retention"),
        required=False,
        min_value=0,
        max_value=36500,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "Days to keep messages. Empty: the site's default. 0: forever. Older messages are deleted permanently."
        ),
    )


def channel_settings_form(channel: Channel | None, data: Any) -> forms.Form:
    """Return the form filled with the channel's present settings; for several channels (None) it is empty."""
    initial = {}
    if channel is not None:
        initial = {field: getattr(channel, field) for field in ChannelSettingsForm.base_fields}
    form = ChannelSettingsForm(data, initial=initial)
    if channel is not None and channel.kind != Channel.Kind.PUBLIC:
        absent: tuple[str, ...] = ("join", "listed", "history")
        if channel.kind == Channel.Kind.PRIVATE:
            absent = (*absent, "announcements_only", "slow_mode", "topic", "description")
        for field in absent:
            del form.fields[field]
    return form


class MemberForm(forms.Form):
    """A member of the channel, by username."""

    member = forms.CharField(
        label=_("Member"), widget=UnfoldAdminTextInputWidget, help_text=_("The member's username.")
    )

    def __init__(self, channel: Channel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._channel = channel

    def clean_member(self) -> User:
        user = members_by_username(self._channel, self.cleaned_data["member"]).first()
        if user is None:
            raise forms.ValidationError(gettext("No member has this username."))
        return user


class RoleForm(MemberForm):
    """A member and the new role. Ownership changes by a transfer instead."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, _(str(role.label))) for role in (Membership.Role.ADMIN, Membership.Role.MEMBER)],
        widget=UnfoldAdminSelectWidget,
    )


class RestrictMemberForm(RestrictForm, MemberForm):
    """A member, and the duration and reason of a mute or ban."""

    field_order = ("member", "hours", "reason")
