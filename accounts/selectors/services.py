"""Reads of services (other systems and bots), their tokens, and grantable permissions."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Substr
from knox.models import AuthToken

from accounts.credentials import CREDENTIAL_DIGEST_LENGTH, token_credential
from accounts.models import Device, User
from accounts.names import is_storable, name_key


def services() -> list[User]:
    """Return all services by name, including deactivated ones."""
    return list(User.objects.filter(kind=User.Kind.SERVICE).order_by("username_key"))


def service_by_name(username: str) -> User | None:
    """Return the service with this name, active or not."""
    rows = User.objects.filter(kind=User.Kind.SERVICE, username_key=name_key(username))
    return rows.first() if is_storable(username) else None


def tokens(owner: User | None = None) -> QuerySet[AuthToken]:
    """Return the tokens of a user, or of all users, the newest first.

    Annotated with `device` (its id), `name`, `app` (number), `address`, `last_seen_at` and `created_by` (a user
    name), each None if unknown.
    """
    credential = Concat(Value(token_credential("")), Substr("digest", 1, CREDENTIAL_DIGEST_LENGTH))
    device = Device.objects.filter(credential=OuterRef("credential"))
    columns = {
        "device": "pk",
        "name": "name",
        "app": "app__number",
        "address": "address",
        "last_seen_at": "last_seen_at",
        "created_by": "created_by__username",
    }
    rows = AuthToken.objects.select_related("user").annotate(credential=credential)
    rows = rows.annotate(**{field: Subquery(device.values(column)[:1]) for field, column in columns.items()})
    ordered: QuerySet[AuthToken] = (rows if owner is None else rows.filter(user=owner)).order_by("-created", "digest")
    return ordered


def token_device_by_id(device_id: int) -> Device | None:
    """Return the device of a token, by the number that token lists show."""
    return Device.objects.select_related("user").filter(pk=device_id, kind=Device.Kind.TOKEN).first()


def permission_names(service: User) -> list[str]:
    """Return the service's permissions, including those of its groups, each as `app.codename`."""
    return sorted(service.get_all_permissions())


def permissions_by_names(names: Iterable[str]) -> dict[str, Permission]:
    """Return the permissions with these `app.codename` names, keyed by name. Unknown names are left out."""
    wanted = set(names)
    candidates = Permission.objects.select_related("content_type").filter(
        codename__in={name.partition(".")[2] for name in wanted}
    )
    by_name = {f"{permission.content_type.app_label}.{permission.codename}": permission for permission in candidates}
    return {name: by_name[name] for name in wanted & set(by_name)}
