"""Reads of external users: accounts that a service created under its own ids."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Device, ExternalUser, User
from accounts.names import is_storable


def external_users_by_ids(service: User, external_ids: Iterable[str]) -> dict[str, User]:
    """Return the service's users with these ids, keyed by id. Includes deactivated users; leaves out unknown ids."""
    storable = [external_id for external_id in external_ids if is_storable(external_id)]
    rows = ExternalUser.objects.filter(service=service, external_id__in=storable).select_related("user")
    return {row.external_id: row.user for row in rows}


def external_users_page(service: User, *, after: int, limit: int) -> list[ExternalUser]:
    """Return the service's users in creation order: `limit` of them, plus one if there are more."""
    rows = ExternalUser.objects.filter(service=service, pk__gt=after).select_related("user").order_by("pk")
    return list(rows[: limit + 1])


def external_user_by_id(service: User, external_id: str) -> User | None:
    """Return the service's user with this id."""
    return external_users_by_ids(service, [external_id]).get(external_id)


def external_ids(user: User) -> list[ExternalUser]:
    """Return the ids that services have for the user."""
    return list(ExternalUser.objects.filter(user=user).select_related("service").order_by("pk"))


def token_credentials_for(user: User, *, created_by: User) -> list[str]:
    """Return the credentials of the user's tokens that the service `created_by` created."""
    tokens = Device.objects.filter(user=user, created_by=created_by, kind=Device.Kind.TOKEN)
    return list(tokens.values_list("credential", flat=True))
