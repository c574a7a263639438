"""Services: other systems and bots. They have no password; what they may do, their permissions say."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission

from accounts.actions.profile_events import publish_profile_change
from accounts.actions.revocations import revoke_user
from accounts.actions.user_persistence import insert_user, lock_user
from accounts.errors import BadService
from accounts.models import User
from accounts.names import check_nickname, check_user_name
from accounts.selectors.services import permissions_by_names
from delivery.db.transactions import write


def service_create(*, username: str, nickname: str = "", permissions: Iterable[str] = ()) -> User:
    """A new service with these permissions, each as `app.codename`.

    BadName, BadNickname; NameTaken; BadService for a permission that does not exist.
    """
    service = User(
        username=check_user_name(username, official=True),
        nickname=check_nickname(nickname or username),
        kind=User.Kind.SERVICE,
        password=make_password(None),
    )
    given = _permissions(permissions)
    with write():
        insert_user(service)
        service.user_permissions.set(given)
    return service


def service_rename(*, service_id: int, nickname: str) -> User:
    """Show a service under another name. BadNickname; BadService for somebody who is none."""
    nickname = check_nickname(nickname)
    with write():
        service = _locked_service(service_id)
        if service.nickname != nickname:
            service.nickname = nickname
            service.save(update_fields=["nickname"])
            publish_profile_change(service)
    return service


def service_permissions_set(
    *, service_id: int, permissions: Iterable[Permission], groups: Iterable[Group] = ()
) -> None:
    """Say what a service may do. If anything is taken away, its connections end; its tokens stay.

    Calls by token ask for the permission each time.
    """
    groups, permissions = set(groups), set(permissions)
    with write():
        service = _locked_service(service_id)
        lost = bool(set(service.groups.all()) - groups) or bool(set(service.user_permissions.all()) - permissions)
        service.groups.set(groups)
        service.user_permissions.set(permissions)
        if lost:
            revoke_user(service.pk)


def _locked_service(service_id: int) -> User:
    service = lock_user(service_id)
    if service.kind != User.Kind.SERVICE:
        raise BadService("%(name)s is no service.", name=service)
    return service


def _permissions(names: Iterable[str]) -> list[Permission]:
    wanted = set(names)
    found = permissions_by_names(wanted)
    if missing := wanted - set(found):
        raise BadService("There is no permission %(names)s.", names=", ".join(sorted(missing)))
    return list(found.values())
