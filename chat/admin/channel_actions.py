"""What operators do to a channel: close it, say what holds in it, and act on its members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat.actions.channel import channel_set_closed
from chat.actions.member import member_set_role_as_operator
from chat.actions.moderation import user_ban, user_mute
from chat.actions.policy import channel_set_policy_as_operator, channel_set_retention, channel_transfer_as_operator
from chat.admin.admin_actions import AdminAction
from chat.admin.forms import MemberForm, RestrictMemberForm, RoleForm, policy_form
from chat.models import Channel

RESTRICT = "chat.add_restriction"


def _closing(closed: bool, **said: Any) -> AdminAction:
    return AdminAction(
        applies=lambda channel: channel.closed != closed,
        act=lambda operator, channel: channel_set_closed(operator=operator, channel_id=channel.pk, closed=closed),
        **said,
    )


def _of_member(act: Callable[..., object], form: type[MemberForm], **said: Any) -> AdminAction:
    """Something done to one of a group's members, who is named in the form; `act` takes what else stands there."""
    return AdminAction(
        applies=lambda channel: channel.kind == Channel.Kind.PUBLIC,
        act=lambda operator, channel, member, **given: act(
            operator=operator, channel_id=channel.pk, person_id=member.pk, **given
        ),
        form=lambda channel, typed: form(channel, typed),
        **said,
    )


def _set_policy(operator: User, channel: Channel, *, retention_days: int | None, **changes: Any) -> None:
    if changes:
        channel_set_policy_as_operator(operator=operator, channel_id=channel.pk, **changes)
    channel_set_retention(channel_id=channel.pk, days=retention_days)


CLOSE = _closing(
    True,
    name="close",
    title=_("Close channel"),
    meaning=_("Nothing more can be said in a closed channel. Its members still read it."),
    done=_("%(count)d closed."),
)
REOPEN = _closing(
    False,
    name="reopen",
    title=_("Reopen channel"),
    meaning=_("Its members can write in the channel again."),
    done=_("%(count)d reopened."),
)
POLICY = AdminAction(
    name="policy",
    title=_("Set policy"),
    meaning=_(
        "Who may join, what is read, who speaks how often, and for how long it is kept. Members are told; it holds "
        "from the next message on."
    ),
    done=_("%(count)d changed."),
    applies=lambda channel: True,
    act=_set_policy,
    form=policy_form,
)
TRANSFER = _of_member(
    channel_transfer_as_operator,
    MemberForm,
    name="transfer",
    title=_("Transfer"),
    meaning=_("The group is this member's from now on. Who owned it stays as an admin."),
    done=_("%(count)d transferred."),
)
ROLE = _of_member(
    member_set_role_as_operator,
    RoleForm,
    name="role",
    title=_("Set a role"),
    meaning=_(
        "Admins invite, remove, mute and pin, and set what holds in the group. It holds at once; members are told."
    ),
    done=_("%(count)d changed."),
)
MUTE_MEMBER = _of_member(
    user_mute,
    RestrictMemberForm,
    name="mute",
    title=_("Mute a member"),
    meaning=_("They still read the group, and write nothing in it until the mute ends."),
    done=_("%(count)d muted."),
    permission=RESTRICT,
)
BAN_MEMBER = _of_member(
    user_ban,
    RestrictMemberForm,
    name="ban",
    title=_("Ban a member"),
    meaning=_("They are removed, read nothing of the group any more, and cannot come back until the ban ends."),
    done=_("%(count)d banned."),
    permission=RESTRICT,
)
