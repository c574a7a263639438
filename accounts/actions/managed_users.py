"""Accounts that other systems manage through the REST API: create and rename."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from accounts.actions.profile_events import publish_profile_change
from accounts.actions.user_persistence import clean_email, hash_password, insert_user, lock_user, update_user
from accounts.errors import NotManageable
from accounts.models import User
from accounts.names import check_nickname, check_user_name
from delivery.db.transactions import write


def managed_user_prepare(
    *, username: str, nickname: str = "", email: str | None = None, password: str | None = None
) -> User:
    """Return an unsaved account for `managed_user_create`. Hashing a password is slow: call it outside a transaction.

    Without a password, the user signs in by a password reset or a provider. Raises BadName, BadNickname, BadEmail,
    BadPassword.
    """
    user = User(
        username=check_user_name(username), nickname=check_nickname(nickname or username), email=clean_email(email)
    )
    user.password = make_password(None) if password is None else hash_password(password, user)
    return user


def managed_user_create(*, draft: User) -> User:
    """Store a prepared account. Raises NameTaken, EmailTaken."""
    with write():
        insert_user(draft)
    return draft


def user_rename(*, user_id: int, nickname: str) -> User:
    """Change a user's nickname. Raises BadNickname."""
    with write():
        user = lock_user(user_id)
        if user.nickname != nickname:
            user.nickname = check_nickname(nickname)
            update_user(user, "nickname")
            publish_profile_change(user)
    return user


def require_manageable(user: User) -> None:
    """Raise NotManageable for staff and services, because changing them could take over their permissions."""
    if user.is_staff or user.is_superuser or user.kind != User.Kind.PERSON:
        raise NotManageable
