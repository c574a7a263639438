"""What people say of themselves and how they want the site: nickname, picture, status, language, who sees what."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts import avatars
from accounts.actions.profile_events import publish_profile_change
from accounts.actions.user_persistence import clean_email, lock_user, update_user
from accounts.errors import BadProfile
from accounts.models import User
from accounts.names import BadName, check_name, check_nickname, check_own_nickname
from delivery.db.transactions import write

STATUS_LIMIT = 100


def profile_update(
    *,
    user_id: int,
    nickname: str,
    status_text: str,
    language: str,
    time_zone: str,
    shares_read: bool,
    shares_presence: bool,
) -> User:
    """Change all of it but the picture. Empty language and time zone: the browser's.

    BadNickname; BadProfile for a status that cannot be shown, an unknown language or time zone.
    """
    check_nickname(nickname)
    status_text = _checked_status(status_text)
    if language and language not in dict(settings.LANGUAGES):
        raise BadProfile(_("There is no such language."))
    if time_zone and time_zone not in available_timezones():
        raise BadProfile(_("There is no such time zone."))
    with write():
        user = lock_user(user_id)
        if nickname != user.nickname:
            # What an operator has given may stay.
            check_own_nickname(nickname)
        seen = (nickname, status_text) != (user.nickname, user.status_text)
        user.nickname, user.status_text = nickname, status_text
        user.language, user.time_zone = language, time_zone
        user.shares_read, user.shares_presence = shares_read, shares_presence
        update_user(user, "nickname", "status_text", "language", "time_zone", "shares_read", "shares_presence")
        publish_profile_change(user, others=seen)
    return user


def avatar_set(*, user_id: int, picture: bytes) -> User:
    """Show the person by this picture, made anew. BadPicture for what is none."""
    made = avatars.made_anew(picture)
    address = avatars.store(user_id, made)
    try:
        return _avatar_change(user_id, address)
    except BaseException:
        avatars.remove(address)
        raise


def avatar_remove(*, user_id: int) -> User:
    """Show the person by letters again."""
    return _avatar_change(user_id, "")


def email_set(*, user_id: int, email: str | None) -> User:
    """Keep the address, which has been shown to be the person's, or none. BadEmail, EmailTaken."""
    with write():
        user = lock_user(user_id)
        user.email = clean_email(email)
        update_user(user, "email")
    return user


def _avatar_change(user_id: int, address: str) -> User:
    with write():
        user = lock_user(user_id)
        before, user.avatar = user.avatar, address
        update_user(user, "avatar")
        transaction.on_commit(lambda: avatars.remove(before))
        publish_profile_change(user)
    return user


def _checked_status(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        return check_name(text, limit=STATUS_LIMIT)
    except BadName:
        raise BadProfile(_("A status has at most %(limit)s visible characters."), limit=STATUS_LIMIT) from None
