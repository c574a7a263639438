"""Reads of services' own people, by the names the services have for them."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Device, ExternalUser, User
from accounts.names import is_storable


def external_users_by_ids(service: User, external_ids: Iterable[str]) -> dict[str, User]:
    """The service's people among these ids; unknown ones are left out. The deactivated are there too."""
    wanted = [one for one in external_ids if is_storable(one)]
    rows = ExternalUser.objects.filter(service=service, external_id__in=wanted).select_related("user")
    return {row.external_id: row.user for row in rows}


def external_users_page(service: User, *, after: int, limit: int) -> list[ExternalUser]:
    """The service's people by the order in which they were made; one more than `limit`, to tell whether more follow."""
    rows = ExternalUser.objects.filter(service=service, pk__gt=after).select_related("user").order_by("pk")
    return list(rows[: limit + 1])


def external_user_by_id(service: User, external_id: str) -> User | None:
    return external_users_by_ids(service, [external_id]).get(external_id)


def external_ids(user: User) -> list[ExternalUser]:
    """What services call the person."""
    return list(ExternalUser.objects.filter(user=user).select_related("service").order_by("pk"))


def token_credentials_for(user: User, *, by: User) -> list[str]:
    """The credentials of the tokens that `by` had made for the person."""
    made = Device.objects.filter(user=user, created_by=by, kind=Device.Kind.TOKEN)
    return list(made.values_list("credential", flat=True))
