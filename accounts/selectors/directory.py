"""Reads of accounts for administration by other systems.

They include deactivated accounts, and leave out guests and deleted accounts.
"""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.names import is_storable, name_key


def account_by_name(username: str) -> User | None:
    """Return the account or service with this name. Width and case do not matter."""
    if not is_storable(username):
        return None
    return _accounts().filter(username_key=name_key(username)).first()


def accounts_page(*, after: int, limit: int) -> list[User]:
    """Return accounts and services with an id above `after`, by id: `limit` of them, plus one if there are more."""
    return list(_accounts().filter(pk__gt=after).order_by("pk")[: limit + 1])


def _accounts() -> QuerySet[User]:
    return User.objects.exclude(kind=User.Kind.GUEST).filter(deleted_at=None)
