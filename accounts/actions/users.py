"""People: how they come to be, change and go. Nobody is ever deleted: what they said stays theirs."""

from __future__ import annotations

import secrets
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
from accounts.errors import LastAdministrator, NameTaken, NoSuchPerson
from accounts.models import User
from accounts.names import (
    GUEST_PREFIX,
    check_guest_name,
    check_nickname,
    check_own_nickname,
    check_user_name,
    name_key,
)
from accounts.selectors.users import guest_name_taken
from delivery.db.transactions import write

_SYSTEM = "system"


def user_register(
    *,
    username: str,
    nickname: str = "",
    password: str,
    phone_number: str | None = None,
    email: str | None = None,
    official: bool = False,
) -> User:
    """A new account. Without a nickname it is shown by its user name, which stays for good.

    `official`, an operator's doing, allows reserved names.
    BadName, BadNickname, BadPhone, BadEmail, BadPassword; NameTaken, PhoneTaken, EmailTaken, also when somebody else
    registers the same at the same moment.
    """
    user = User(
        username=check_user_name(username, official=official),
        nickname=(check_nickname if official else check_own_nickname)(nickname or username),
        phone_number=clean_phone(phone_number),
        email=clean_email(email),
    )
    user.password = hash_password(password, user)
    with write():
        insert_user(user)
    return user


def administrator_create(*, username: str, password: str) -> User:
    """A new account that may do everything. The one who installs the site chooses, so reserved names are allowed."""
    user = User(username=check_user_name(username, official=True), nickname=username, is_staff=True, is_superuser=True)
    user.password = hash_password(password, user)
    with write():
        insert_user(user)
    return user


def guest_create(*, name: str) -> User:
    """A new guest shown as `name`, a sender of their own even if other guests are called the same.

    BadName, or NameTaken if it is an account's. No password: a guest comes back by token or session.
    """
    check_guest_name(name)
    if guest_name_taken(name):
        raise NameTaken
    user = User(
        username=GUEST_PREFIX + secrets.token_hex(10),
        nickname=name,
        kind=User.Kind.GUEST,
        password=make_password(None),
    )
    with write():
        insert_user(user)
    return user


def system_user() -> User:
    """The service that speaks for the site itself; made on first use."""
    found = User.objects.filter(username_key=name_key(_SYSTEM)).first()
    if found:
        return found
    user = User(username=_SYSTEM, nickname="System", kind=User.Kind.SERVICE, password=make_password(None))
    try:
        with write():
            insert_user(user)
    except NameTaken:
        return User.objects.get(username_key=name_key(_SYSTEM))
    return user


def user_update(*, user_id: int, nickname: str, phone_number: str | None, email: str | None) -> User:
    """Change what a person may change of themselves. The user name is not among it."""
    nickname, phone_number, email = check_nickname(nickname), clean_phone(phone_number), clean_email(email)
    with write():
        user = lock_user(user_id)
        seen = nickname != user.nickname
        user.nickname, user.phone_number, user.email = nickname, phone_number, email
        update_user(user, "nickname", "phone_number", "email")
        if seen:
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
    """Say what a person may do in the admin. If anything is taken away, they are signed out everywhere.

    LastAdministrator if nobody would be left who may do everything.
    """
    groups, permissions = set(groups), set(permissions)
    with write():
        user = lock_user(user_id)
        if not (is_staff and is_superuser):
            require_another_administrator(user)
        lost = (
            (user.is_staff and not is_staff)
            or (user.is_superuser and not is_superuser)
            or bool(set(user.groups.all()) - groups)
            or bool(set(user.user_permissions.all()) - permissions)
        )
        user.is_staff, user.is_superuser = is_staff, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])
        user.groups.set(groups)
        user.user_permissions.set(permissions)
        if lost:
            revoke_all_credentials(user)


def user_deactivate(*, user_id: int) -> None:
    """Shut a person out: sessions, tokens and connections end, and nothing lets them in until they are activated.

    LastAdministrator if nobody would be left who may do everything.
    """
    with write():
        user = lock_user(user_id)
        require_another_administrator(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        revoke_all_credentials(user)


def user_activate(*, user_id: int) -> None:
    """Let a person sign in again. What they had open before stays ended.

    NoSuchPerson if they deleted their account: that is for good.
    """
    with write():
        user = lock_user(user_id)
        if user.deleted_at is not None:
            raise NoSuchPerson
        user.is_active = True
        user.save(update_fields=["is_active"])


def require_another_administrator(user: User) -> None:
    """LastAdministrator if the person is the only one who may do everything."""
    if not (user.is_superuser and user.is_active):
        return
    if not User.objects.filter(is_superuser=True, is_staff=True, is_active=True).exclude(pk=user.pk).exists():
        raise LastAdministrator
