"""The sentences of refusals as clients of the legacy calls receive them.

These programs may compare sentences, so those here never change, whatever wording the other protocols get. A reason
that the table lacks is newer than these calls and has the sentence of its own table.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext

from accounts.errors import AccountError, UnstorablePassword
from chat.errors import ChatError

SENTENCES = {
    # Requests.
    "origin_not_allowed": "Pages of this origin may not call.",
    "rate_limited": "This token calls too much.",
    "site_busy": "The site is busy. Try again in a second.",
    "body_too_large": "A form has at most %(limit)s bytes.",
    "app_id_missing": "appID is missing.",
    "app_id_invalid": "appID is a number.",
    "msg_id_invalid": "msgID has 1 to 200 printable characters.",
    "unknown_app": "There is no such app.",
    "id_not_found": "There is no such id.",
    # Messages.
    "message_empty": "A message must not be empty.",
    "message_character": "A message must not contain the NUL character.",
    "message_too_long": "A message has at most %(limit)s characters.",
    "account_inactive": "This account is not active.",
    "channel_not_found": "There is no such channel.",
    "channel_closed": "This channel is closed.",
    "announcements_only": "Only owners and admins write in this channel.",
    "slow_mode": "One message every %(interval)s seconds, please: this channel is in slow mode.",
    "cannot_message_yourself": "A private channel is with somebody else.",
    "cannot_message_user": "You cannot write to this person.",
    "blocked_by_you": "You have blocked this person. Unblock them first.",
    # Groups.
    "account_required": "Guests write in their app's room only. Register to do more.",
    "group_empty": "Give the group a name or members.",
    "group_full": "A group has at most %(limit)s members.",
    "group_limit_reached": "%(userId)s is in %(limit)s groups, and that is the limit.",
    "member_inactive": "One of these people has no active account.",
    # Accounts.
    "registration_closed": "Registration is closed.",
    "too_many_attempts": "That was too often. Try again in %(minutes)s minutes.",
    "wrong_credentials": "The number and the password do not belong together.",
    "phone_invalid": "A phone number has 1 to 20 visible characters.",
    "phone_taken": "This phone number is taken.",
    "name_taken": "This name is taken.",
    "name_empty": "A name must not be empty.",
    "name_too_long": "A name has at most %(limit)s characters.",
    "name_blank_ends": "A name must not begin or end with a blank.",
    "name_invisible": "A name must not contain invisible or control characters.",
    "name_not_visible": "A name needs at least one visible character.",
    "name_marks": "A name must not pile up combining marks.",
    "name_reserved": "This name is reserved.",
    # Friends.
    "account_not_found": "There is no such person.",
    "friend_yourself": "Nobody is a friend of themselves.",
    "friend_blocked": "You have blocked this person. Unblock them first.",
    "already_friends": "You are friends already.",
    "friend_request_pending": "You have asked already.",
    "friend_limit_reached": "You have %(limit)s friends and open requests, and that is the limit.",
}
"""By key of the reason; `%(name)s` is a parameter of the refusal."""
MUTED = "You are muted."
MUTED_UNTIL = "You are muted until %Y-%m-%d %H:%M UTC."


def legacy_sentence(refusal: ChatError | AccountError) -> str:
    """Return the sentence of a refusal for these clients: English, except for a rejected password."""
    key = refusal.reason.key
    if key == "muted" and isinstance(refusal, ChatError):
        return _muted(refusal.data["until"])
    if isinstance(refusal, UnstorablePassword):
        return gettext("This password contains a character that cannot be typed.")
    return SENTENCES[key] % refusal.params if key in SENTENCES else str(refusal)


def _muted(until: int | None) -> str:
    """Return the sentence for a mute that ends at this time in Unix ms; None: that has no end."""
    return MUTED if until is None else datetime.fromtimestamp(until / 1000, UTC).strftime(MUTED_UNTIL)
