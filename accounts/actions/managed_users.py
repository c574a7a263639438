"""Accounts as other systems look after them: added, renamed, one or many."""

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
    """An account for `managed_user_create`. Slow where there is a password, so not inside a transaction.

    Without one its person comes in by the reset, or by no password. BadName, BadNickname, BadEmail, BadPassword.
    """
    user = User(
        username=check_user_name(username), nickname=check_nickname(nickname or username), email=clean_email(email)
    )
    user.password = make_password(None) if password is None else hash_password(password, user)
    return user


def managed_user_create(*, draft: User) -> User:
    """A new account, made by another system. NameTaken, EmailTaken."""
    with write():
        insert_user(draft)
    return draft


def user_rename(*, user_id: int, nickname: str) -> User:
    """Show somebody under another nickname. BadNickname."""
    check_nickname(nickname)
    with write():
        user = lock_user(user_id)
        if user.nickname != nickname:
            user.nickname = nickname
            update_user(user, "nickname")
            publish_profile_change(user)
    return user


def require_manageable(user: User) -> None:
    """NotManageable for staff and services: who could change them could take their rights."""
    if user.is_staff or user.is_superuser or user.kind != User.Kind.PERSON:
        raise NotManageable
