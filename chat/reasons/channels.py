"""The reasons for which requests about channels and their members are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    NO_DATA,
    NOT_AUTHORISED,
    OPERATION_FAILED,
    TOO_MUCH,
    Reason,
)

# fmt: off

CHANNEL_NOT_FOUND = Reason("channel_not_found", NO_DATA, "This channel does not exist, or you cannot see it.",
    "The channel does not exist, or the caller may not know of it.")
APP_NOT_FOUND = Reason("app_not_found", NO_DATA, "This app does not exist.", "No app has this number.")
CHANNEL_CLOSED = Reason("channel_closed", OPERATION_FAILED, "This channel is closed.",
    "An owner or operator closed the channel. It can still be read.")
NOT_A_GROUP = Reason("not_a_group", NOT_AUTHORISED, "This is only possible in groups.",
    "The channel is an app's global channel or a private channel.")
CANNOT_JOIN_GROUP = Reason("cannot_join_group", NO_DATA, "This group does not exist, or you cannot join it.",
    "The group does not exist, is not open, or the caller is banned from it.")
NOT_A_MEMBER = Reason("not_a_member", NO_DATA, "You are not a member of this group.", "The caller is not in the group.")
USER_NOT_A_MEMBER = Reason("user_not_a_member", NO_DATA, "This user is not a member of the group.",
    "The other user is not in the group.")
USER_BANNED = Reason("user_banned", NOT_AUTHORISED, "This user is banned from the group. Lift the ban first.",
    "A banned user cannot be added to the group.")
MANAGER_REQUIRED = Reason("manager_required", NOT_AUTHORISED, "Only owners and admins of this group can do this.",
    "The caller is neither owner nor admin of the group.")
OWNER_REQUIRED = Reason("owner_required", NOT_AUTHORISED, "Only owners of this group can do this.",
    "The caller does not own the group.")
LAST_OWNER = Reason("last_owner", OPERATION_FAILED,
    "A group needs at least one owner. Make another member an owner first.",
    "The change would leave the group without an owner.")
ALREADY_OWNER = Reason("already_owner", OPERATION_FAILED, "You already own this group.", "The new owner is the caller.")
GROUP_FULL = Reason("group_full", TOO_MUCH, "A group can have at most %(limit)s members.",
    "The group would exceed IM_GROUP_MAX_MEMBERS.")
GROUP_LIMIT_REACHED = Reason("group_limit_reached", TOO_MUCH,
    "%(userId)s is in %(limit)s groups, which is the maximum.",
    "The user would exceed IM_MAX_GROUPS_PER_USER.")
MEMBER_INACTIVE = Reason("member_inactive", NO_DATA, "One of these users has no active account.",
    "A user was deactivated meanwhile.")
GROUP_NAME_REQUIRED = Reason("group_name_required", ILLEGAL_PARAMETER, "A listed group needs a name.",
    "A listed group has no name.")
GROUP_EMPTY = Reason("group_empty", ILLEGAL_PARAMETER, "Give the group a name or members.",
    "A new group has neither a name nor other members.")
ONE_MEMBER_REQUIRED = Reason("one_member_required", ILLEGAL_PARAMETER,
    "A private channel needs exactly one other user.",
    "`members` of a private channel names none or several.")
CANNOT_MESSAGE_YOURSELF = Reason("cannot_message_yourself", ILLEGAL_PARAMETER,
    "You cannot start a private channel with yourself.",
    "The other user of a private channel is the caller.")
PRIVATE_CHANNEL_POLICY = Reason("private_channel_policy", ILLEGAL_PARAMETER, "A private channel has no settings.",
    "An operator changed the policy of a private channel.")
GLOBAL_CHANNEL_POLICY = Reason("global_channel_policy", ILLEGAL_PARAMETER,
    "The channel of an app is open to everyone on the app. This setting cannot be changed.",
    "An operator changed who may join an app's global channel.")
TOPIC_TOO_LONG = Reason("topic_too_long", ILLEGAL_PARAMETER, "A topic can have at most %(limit)s characters.",
    "The topic is too long, or contains the NUL character.")
DESCRIPTION_TOO_LONG = Reason("description_too_long", ILLEGAL_PARAMETER,
    "A description can have at most %(limit)s characters.",
    "The description is too long, or contains the NUL character.")
CLOSED_BY_OPERATOR = Reason("closed_by_operator", NOT_AUTHORISED,
    "An operator of this site closed the group. Only operators can reopen it.",
    "An owner tried to reopen a group that an operator has closed.")
INVITE_INVALID = Reason("invite_invalid", NO_DATA, "This invite link is not valid, or has expired.",
    "The link is unknown, revoked, expired or used up, its group is closed, or the caller is banned from it.")
INVITE_NOT_FOUND = Reason("invite_not_found", NO_DATA, "This invite link does not exist any more.",
    "The group has no such link.")
INVITE_LIFETIME = Reason("invite_lifetime", ILLEGAL_PARAMETER,
    "An invite link can be valid for %(limit)s days at most.",
    "`seconds` of a link exceeds IM_INVITE_MAX_DAYS.")
INVITE_LIMIT_REACHED = Reason("invite_limit_reached", TOO_MUCH,
    "This group has %(limit)s invite links, which is the maximum. Revoke one first.",
    "The group would exceed IM_INVITES_PER_GROUP.")
JOIN_REQUEST_NOT_FOUND = Reason("join_request_not_found", NO_DATA,
    "This user has not asked to join, or no longer does.",
    "The group has no open request of this user.")
SLOW_MODE_RANGE = Reason("slow_mode_range", ILLEGAL_PARAMETER, "Slow mode can be 0 to %(limit)s seconds.",
    "`slowMode` is out of range.")
NEW_OWNER_NOT_FOUND = Reason("new_owner_not_found", NO_DATA, "This user or group does not exist.",
    "An operator transferred something that is no group, or to nobody.")
