"""Reads of accounts for those who look after them: the deactivated are there too. Guests never are."""

from __future__ import annotations

from accounts.models import User
from accounts.names import is_storable, name_key


def account_named(username: str) -> User | None:
    """The account or service of that name, however it is spelt in width and case."""
    if not is_storable(username):
        return None
    return User.objects.filter(username_key=name_key(username)).exclude(kind=User.Kind.GUEST).first()


def accounts_page(*, after: int, limit: int) -> list[User]:
    """Accounts and services beyond the id `after`, by id; one more than `limit`, to tell whether more follow."""
    rows = User.objects.exclude(kind=User.Kind.GUEST).filter(pk__gt=after).order_by("pk")
    return list(rows[: limit + 1])
