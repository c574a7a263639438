"""A user's own word that they are away."""

from __future__ import annotations

from accounts.models import User


def away_store(*, user_id: int, is_away: bool) -> None:
    """Store whether the user says that they are away, whatever input they make."""
    User.objects.filter(pk=user_id).update(is_away=is_away)
