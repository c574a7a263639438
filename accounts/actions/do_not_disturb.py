"""The time until which a user does not want to be disturbed."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User


def do_not_disturb_store(*, user_id: int, until: datetime | None) -> None:
    """Store the time; None: the user can be disturbed."""
    User.objects.filter(pk=user_id).update(do_not_disturb_until=until)
