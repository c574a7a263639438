"""Services: accounts of other systems and bots. They have no password, and permissions limit what they may do."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission

from accounts import errors
from accounts.actions.profile_events import publish_profile_change
from accounts.actions.revocations import revoke_user
from accounts.actions.user_persistence import insert_user, lock_user
from accounts.errors import BadService
from accounts.models import User
from accounts.names import check_nickname, check_user_name
from accounts.selectors.services import permissions_by_names
from delivery.db.transactions import write


def service_create(*, username: str, nickname: str = "", permissions: Iterable[str] = ()) -> User:
    """Create a service with these permissions, each as `app.codename`.

    Raises BadName, BadNickname, NameTaken, and BadService for an unknown permission.
    """
    service = User(
        username=check_user_name(username, allow_reserved=True),
        nickname=check_nickname(nickname or username),
        kind=User.Kind.SERVICE,
        password=make_password(None),
    )
    granted = _permissions_or_error(permissions)
    with write():
        insert_user(service)
        service.user_permissions.set(granted)
    return service


def service_rename(*, service_id: int, nickname: str) -> User:
    """Change a service's nickname. Raises BadNickname, and BadService for other kinds of users."""
    with write():
        service = _lock_service(service_id)
        if service.nickname != nickname:
            service.nickname = check_nickname(nickname)
            service.save(update_fields=["nickname"])
            publish_profile_change(service)
    return service


def service_permissions_set(
    *, service_id: int, permissions: Iterable[Permission], groups: Iterable[Group] = ()
) -> None:
    """Set the permissions and groups of a service. Removing any closes its connections.

    Its tokens stay valid: each call checks the permissions again.
    """
    groups, permissions = set(groups), set(permissions)
    with write():
        service = _lock_service(service_id)
        is_reduced = bool(set(service.groups.all()) - groups) or bool(set(service.user_permissions.all()) - permissions)
        service.groups.set(groups)
        service.user_permissions.set(permissions)
        if is_reduced:
            revoke_user(service.pk)


def _lock_service(service_id: int) -> User:
    service = lock_user(service_id)
    if service.kind != User.Kind.SERVICE:
        raise BadService(errors.NOT_A_SERVICE, name=service.username)
    return service


def _permissions_or_error(names: Iterable[str]) -> list[Permission]:
    wanted = set(names)
    found = permissions_by_names(wanted)
    if missing := wanted - set(found):
        raise BadService(errors.NO_SUCH_PERMISSION, names=", ".join(sorted(missing)))
    return list(found.values())
