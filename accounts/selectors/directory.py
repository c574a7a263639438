"""Reads of accounts for those who look after them: the deactivated are there too. Guests never are, nor
who has deleted their account."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.names import is_storable, name_key


def account_by_name(username: str) -> User | None:
    """The account or service of that name, however it is spelt in width and case."""
    if not is_storable(username):
        return None
    return _accounts().filter(username_key=name_key(username)).first()


def accounts_page(*, after: int, limit: int) -> list[User]:
    """Accounts and services beyond the id `after`, by id; one more than `limit`, to tell whether more follow."""
    return list(_accounts().filter(pk__gt=after).order_by("pk")[: limit + 1])


def _accounts() -> QuerySet[User]:
    return User.objects.exclude(kind=User.Kind.GUEST).filter(deleted_at=None)
