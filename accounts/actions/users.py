"""Users: create, change, deactivate. User rows are never deleted, because messages refer to them."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission

from accounts.actions.credentials import revoke_all_credentials
from accounts.actions.profile_events import publish_profile_change
from accounts.actions.user_persistence import (
    clean_email,
    clean_phone,
    hash_password,
    insert_user,
    lock_user,
    update_user,
)
from accounts.errors import LastAdministrator, NameTaken, NoSuchUser
from accounts.models import User
from accounts.names import (
    check_nickname,
    check_own_nickname,
    check_user_name,
    name_key,
)
from delivery.db.transactions import write

_SYSTEM_USERNAME = "system"


def user_register(
    *,
    username: str,
    nickname: str = "",
    password: str,
    phone_number: str | None = None,
    email: str | None = None,
    allow_reserved: bool = False,
) -> User:
    """Create an account. The user name is permanent; the nickname defaults to it.

    Operators may pass `allow_reserved` for reserved names. Raises BadName, BadNickname, BadPhone, BadEmail,
    BadPassword, and NameTaken, PhoneTaken or EmailTaken, also for a concurrent registration.
    """
    user = User(
        username=check_user_name(username, allow_reserved=allow_reserved),
        nickname=(check_nickname if allow_reserved else check_own_nickname)(nickname or username),
        phone_number=clean_phone(phone_number),
        email=clean_email(email),
    )
    user.password = hash_password(password, user)
    with write():
        insert_user(user)
    return user


def administrator_create(*, username: str, password: str) -> User:
    """Create a superuser. Reserved names are allowed."""
    user = User(
        username=check_user_name(username, allow_reserved=True), nickname=username, is_staff=True, is_superuser=True
    )
    user.password = hash_password(password, user)
    with write():
        insert_user(user)
    return user


def system_user() -> User:
    """Return the service that sends the site's own messages. It is created on first use."""
    existing = User.objects.filter(username_key=name_key(_SYSTEM_USERNAME)).first()
    if existing:
        return existing
    user = User(username=_SYSTEM_USERNAME, nickname="System", kind=User.Kind.SERVICE, password=make_password(None))
    try:
        with write():
            insert_user(user)
    except NameTaken:
        return User.objects.get(username_key=name_key(_SYSTEM_USERNAME))
    return user


def user_update(*, user_id: int, nickname: str, phone_number: str | None, email: str | None) -> User:
    """Change nickname, phone number and email address of a user. The user name never changes.

    Unchanged values stay, even if they could not be chosen today. Raises BadNickname, BadPhone, PhoneTaken, BadEmail,
    EmailTaken.
    """
    email = clean_email(email)
    with write():
        user = lock_user(user_id)
        is_renamed = nickname != user.nickname
        if is_renamed:
            user.nickname = check_nickname(nickname)
        if phone_number != user.phone_number:
            user.phone_number = clean_phone(phone_number)
        user.email = email
        update_user(user, "nickname", "phone_number", "email")
        if is_renamed:
            publish_profile_change(user)
    return user


def user_roles_set(
    *,
    user_id: int,
    is_staff: bool,
    is_superuser: bool,
    groups: Iterable[Group] = (),
    permissions: Iterable[Permission] = (),
) -> None:
    """Set a user's admin rights. Removing any signs the user out everywhere.

    Raises LastAdministrator if no administrator would remain.
    """
    groups, permissions = set(groups), set(permissions)
    with write():
        user = lock_user(user_id)
        if not (is_staff and is_superuser):
            require_another_administrator(user)
        is_reduced = (
            (user.is_staff and not is_staff)
            or (user.is_superuser and not is_superuser)
            or bool(set(user.groups.all()) - groups)
            or bool(set(user.user_permissions.all()) - permissions)
        )
        user.is_staff, user.is_superuser = is_staff, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])
        user.groups.set(groups)
        user.user_permissions.set(permissions)
        if is_reduced:
            revoke_all_credentials(user)


def user_deactivate(*, user_id: int) -> None:
    """Deactivate a user: revoke all credentials and refuse sign-ins until the user is activated again.

    Raises LastAdministrator if no administrator would remain.
    """
    with write():
        user = lock_user(user_id)
        require_another_administrator(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        revoke_all_credentials(user)
        publish_profile_change(user)


def user_activate(*, user_id: int) -> None:
    """Let a deactivated user sign in again. Revoked credentials stay revoked.

    Raises NoSuchUser for a deleted account.
    """
    with write():
        user = lock_user(user_id)
        if user.deleted_at is not None:
            raise NoSuchUser
        user.is_active = True
        user.save(update_fields=["is_active"])
        publish_profile_change(user)


def require_another_administrator(user: User) -> None:
    """Raise LastAdministrator if the user is the only active administrator."""
    if not (user.is_superuser and user.is_active):
        return
    if not User.objects.filter(is_superuser=True, is_staff=True, is_active=True).exclude(pk=user.pk).exists():
        raise LastAdministrator
