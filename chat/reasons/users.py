"""The reasons for which requests about users are refused. Pure."""

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

USER_NOT_FOUND = Reason("user_not_found", NO_DATA, "There is no user named %(userId)s.",
    "No account has this user name.")
CANNOT_MESSAGE_USER = Reason("cannot_message_user", NOT_AUTHORISED, "You cannot message this user.",
    "The other user does not take messages from the caller.")
USER_UNREACHABLE = Reason("user_unreachable", OPERATION_FAILED,
    "This user cannot be reached, because their account is not active.",
    "The account of the private channel's other user was deleted, deactivated or banned from the site.")
BLOCKED_BY_YOU = Reason("blocked_by_you", NOT_AUTHORISED, "You have blocked this user. Unblock them first.",
    "The caller blocked the other user.")
CANNOT_ADD_USER = Reason("cannot_add_user", NOT_AUTHORISED, "You cannot add %(userId)s.",
    "The user does not want to be added to groups by the caller.")
OUTRANKED = Reason("outranked", NOT_AUTHORISED, "You can only do this to members whose role is below yours.",
    "The other member's role is equal to or above the caller's.")
SIDEBAR_CHANGED = Reason("sidebar_changed", OPERATION_FAILED,
    "Your list of channels was changed on another device meanwhile. Try again.",
    "`sidebar.change` names another `revision` than the present one, which the data has.", retry=True)
SECTION_LIMIT_REACHED = Reason("section_limit_reached", TOO_MUCH,
    "You can have at most %(limit)s sections. Delete one first.",
    "The user would exceed IM_MAX_SECTIONS_PER_USER.")
SECTION_CHANNEL_LIMIT_REACHED = Reason("section_channel_limit_reached", TOO_MUCH,
    "Your sections can hold at most %(limit)s channels.",
    "The user would exceed IM_MAX_CHANNELS_IN_SECTIONS.")
SECTION_NAME_TAKEN = Reason("section_name_taken", ILLEGAL_PARAMETER, "You already have a section of this name.",
    "Two sections have names that differ in case or width only.")
STAFF_PROTECTED = Reason("staff_protected", NOT_AUTHORISED, "Only superusers can do this to staff.",
    "An operator who is no superuser tried to restrict staff.")
CANNOT_RESTRICT_YOURSELF = Reason("cannot_restrict_yourself", ILLEGAL_PARAMETER, "You cannot restrict yourself.",
    "The restriction names the caller.")
BAN_NEEDS_GROUP = Reason("ban_needs_group", ILLEGAL_PARAMETER,
    "Users can only be banned from groups. Mute them here instead.",
    "A ban in a channel that is no group.")
UNTIL_IN_PAST = Reason("until_in_past", ILLEGAL_PARAMETER, "This end time has passed. Choose a later one.",
    "`until` of a restriction is in the past.")
BANNED_FROM_SITE = Reason("banned_from_site", OPERATION_FAILED,
    "This user is banned from the site. Lift the ban first.",
    "An operator tried to reactivate a banned account.")
