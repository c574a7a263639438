"""Reads of services (other systems and bots), of tokens, and of the rights that can be given."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Substr
from knox.models import AuthToken

from accounts.credentials import CREDENTIAL_DIGEST, token_credential
from accounts.models import Device, User
from accounts.names import is_storable, name_key


def services() -> list[User]:
    """Other systems and bots, the deactivated too, by name."""
    return list(User.objects.filter(kind=User.Kind.SERVICE).order_by("username_key"))


def service_by_name(username: str) -> User | None:
    """The service of that name, active or not."""
    found = User.objects.filter(kind=User.Kind.SERVICE, username_key=name_key(username))
    return found.first() if is_storable(username) else None


def tokens(owner: User | None = None) -> QuerySet[AuthToken]:
    """Return the API tokens (None: of all users), newest first, each with the facts of its device.

    Annotated: `device` (its id), `name`, `app`, `address`, `last_seen_at` and `created_by` (a name); None if unknown.
    """
    credential = Concat(Value(token_credential("")), Substr("digest", 1, CREDENTIAL_DIGEST))
    device = Device.objects.filter(credential=OuterRef("credential"))
    known = {"device": "pk", "name": "name", "app": "app__number", "address": "address", "last_seen_at": "last_seen_at"}
    found = AuthToken.objects.select_related("user").annotate(credential=credential)
    found = found.annotate(**{field: Subquery(device.values(source)[:1]) for field, source in known.items()})
    found = found.annotate(created_by=Subquery(device.values("created_by__username")[:1]))
    rows: QuerySet[AuthToken] = (found if owner is None else found.filter(user=owner)).order_by("-created", "digest")
    return rows


def token_device_by_id(number: int) -> Device | None:
    """What is known of the token that is listed under that number."""
    return Device.objects.select_related("user").filter(pk=number, kind=Device.Kind.TOKEN).first()


def permission_names(service: User) -> list[str]:
    """What it may do, of its own and by its groups, each as `app.codename`."""
    return sorted(service.get_all_permissions())


def permissions_by_names(names: Iterable[str]) -> dict[str, Permission]:
    """The permissions among the names, each written `app.codename`."""
    wanted = set(names)
    found = Permission.objects.select_related("content_type").filter(
        codename__in={name.partition(".")[2] for name in wanted}
    )
    by_name = {f"{one.content_type.app_label}.{one.codename}": one for one in found}
    return {name: by_name[name] for name in wanted & set(by_name)}
