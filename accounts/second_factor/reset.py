"""The reset of a user's two-factor sign-in by an operator, who writes it to the audit log."""

from __future__ import annotations

from accounts.actions import second_factor_reset
from accounts.models import User
from accounts.second_factor import notices


def reset_second_factor(user: User) -> None:
    """Remove all second factors of the user and mail them. The password alone signs them in then."""
    second_factor_reset(user_id=user.pk)
    notices.notify(user, notices.RESET)
