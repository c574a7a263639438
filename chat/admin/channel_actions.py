"""Admin actions on channels: close and reopen, settings, ownership, roles, and restrictions of members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat.actions.channel import channel_set_closed
from chat.actions.channel_settings import (
    channel_set_retention,
    channel_transfer_as_operator,
    channel_update_settings_as_operator,
)
from chat.actions.member import member_set_role_as_operator
from chat.actions.moderation import user_ban, user_mute
from chat.admin.admin_actions import AdminAction
from chat.admin.forms import MemberForm, RestrictMemberForm, RoleForm, channel_settings_form
from chat.models import Channel

RESTRICT = "chat.add_restriction"


def _set_closed_action(closed: bool, **fields: Any) -> AdminAction:
    return AdminAction(
        # An operator also closes a group that its owner has closed, and could reopen.
        applies_to=lambda channel: not channel.closed_by_operator if closed else channel.closed,
        run=lambda operator, channel: channel_set_closed(operator=operator, channel_id=channel.pk, closed=closed),
        **fields,
    )


def _member_action(run: Callable[..., object], form: type[MemberForm], **fields: Any) -> AdminAction:
    """Return an action on a member of a group.

    The form selects the member; `run` gets the form's other fields as well.
    """
    return AdminAction(
        applies_to=lambda channel: channel.kind == Channel.Kind.PUBLIC,
        run=lambda operator, channel, member, **data: run(
            operator=operator, channel_id=channel.pk, user_id=member.pk, **data
        ),
        form=lambda channel, data: form(channel, data),
        **fields,
    )


def _change_settings(operator: User, channel: Channel, *, retention_days: int | None, **changes: Any) -> None:
    if changes:
        channel_update_settings_as_operator(operator=operator, channel_id=channel.pk, **changes)
    channel_set_retention(channel_id=channel.pk, days=retention_days)


CLOSE = _set_closed_action(
    True,
    name="close",
    title=_("Close channel"),
    description=_("Nobody can send in a closed channel. Members can still read it."),
    success=_("%(count)d closed."),
)
REOPEN = _set_closed_action(
    False,
    name="reopen",
    title=_("Reopen channel"),
    description=_("Members can send in the channel again."),
    success=_("%(count)d reopened."),
)
SETTINGS = AdminAction(
    name="settings",
    title=_("Edit settings"),
    description=_("The settings apply from the next message on. Members are notified."),
    success=_("%(count)d changed."),
    applies_to=lambda channel: True,
    run=_change_settings,
    form=channel_settings_form,
)
TRANSFER = _member_action(
    channel_transfer_as_operator,
    MemberForm,
    name="transfer",
    title=_("Transfer"),
    description=_("The member becomes the owner of the group. The present owner becomes an admin."),
    success=_("%(count)d transferred."),
)
ROLE = _member_action(
    member_set_role_as_operator,
    RoleForm,
    name="role",
    title=_("Change role"),
    description=_(
        "Admins can invite, remove and mute members, pin messages and change settings. Members are notified."
    ),
    success=_("%(count)d changed."),
)
MUTE_MEMBER = _member_action(
    user_mute,
    RestrictMemberForm,
    name="mute",
    title=_("Mute member"),
    description=_("The member can read the group, but cannot send in it until the mute ends."),
    success=_("%(count)d muted."),
    permission=RESTRICT,
)
BAN_MEMBER = _member_action(
    user_ban,
    RestrictMemberForm,
    name="ban",
    title=_("Ban member"),
    description=_("The member is removed from the group, and cannot read or rejoin it until the ban ends."),
    success=_("%(count)d banned."),
    permission=RESTRICT,
)
