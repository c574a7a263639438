"""Profile and preferences: nickname, picture, status, language, time zone, privacy, email address."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts import avatars, errors
from accounts.actions.profile_events import publish_profile_change
from accounts.actions.user_persistence import clean_email, lock_user, update_user
from accounts.errors import BadProfile
from accounts.models import User
from accounts.names import BadName, check_name, check_own_nickname
from accounts.time_zones import known_time_zones
from delivery.db.transactions import write

STATUS_MAX_LENGTH = 100


def profile_update(
    *,
    user_id: int,
    nickname: str,
    status_text: str,
    language: str,
    time_zone: str,
    shares_read: bool,
    shares_presence: bool,
    previews_private_links: bool = False,
    shares_typing: bool = True,
) -> User:
    """Change all profile fields except the picture and the email address. Empty language or time zone: the browser's.

    Raises BadNickname, and BadProfile for a status that is not valid or an unknown language or time zone.
    """
    status_text = status_text.strip()
    if language and language not in dict(settings.LANGUAGES):
        raise BadProfile(errors.LANGUAGE_UNKNOWN)
    if time_zone and time_zone not in known_time_zones():
        raise BadProfile(errors.TIME_ZONE_UNKNOWN)
    with write():
        user = lock_user(user_id)
        # Unchanged texts stay, even if they could not be chosen today: an operator may have given the nickname.
        if nickname != user.nickname:
            check_own_nickname(nickname)
        if status_text != user.status_text:
            _check_status(status_text)
        is_visible = (nickname, status_text) != (user.nickname, user.status_text)
        user.nickname, user.status_text = nickname, status_text
        user.language, user.time_zone = language, time_zone
        user.shares_read, user.shares_presence = shares_read, shares_presence
        user.previews_private_links, user.shares_typing = previews_private_links, shares_typing
        privacy = ("shares_read", "shares_presence", "shares_typing", "previews_private_links")
        update_user(user, "nickname", "status_text", "language", "time_zone", *privacy)
        publish_profile_change(user, others=is_visible)
    return user


def avatar_set(*, user_id: int, picture: bytes) -> User:
    """Set the user's picture from an uploaded file. Raises BadPicture."""
    address = avatars.store(user_id, avatars.normalize_picture(picture))
    try:
        return _change_avatar(user_id, address)
    except BaseException:
        avatars.remove(address)
        raise


def avatar_remove(*, user_id: int) -> User:
    """Remove the user's picture."""
    return _change_avatar(user_id, "")


def email_set(*, user_id: int, email: str | None) -> User:
    """Store a confirmed email address, or None to remove it. Raises BadEmail, EmailTaken."""
    with write():
        user = lock_user(user_id)
        user.email = clean_email(email)
        update_user(user, "email")
    return user


def _change_avatar(user_id: int, address: str) -> User:
    with write():
        user = lock_user(user_id)
        previous, user.avatar = user.avatar, address
        update_user(user, "avatar")
        transaction.on_commit(lambda: avatars.remove(previous))
        publish_profile_change(user)
    return user


def _check_status(text: str) -> None:
    try:
        if text:
            check_name(text, limit=STATUS_MAX_LENGTH)
    except BadName:
        raise BadProfile(errors.STATUS_INVALID, limit=STATUS_MAX_LENGTH) from None
