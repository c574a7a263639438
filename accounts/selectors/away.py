"""Users who say that they are away."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import User


def is_set_away(user_id: int) -> bool:
    """Return the user's own word, as stored: other connections of theirs may have changed it."""
    return User.objects.filter(pk=user_id, is_away=True).exists()


def users_set_away(user_ids: Collection[int]) -> set[int]:
    """Return those of these users who say that they are away."""
    return set(User.objects.filter(pk__in=user_ids, is_away=True).values_list("pk", flat=True))
