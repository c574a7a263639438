"""Builds the data of users and their presence."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from chat.wire.schema.events import ENTER, EXIT

PRESENCE_TEXTS = {ENTER.name: "{} is here", EXIT.name: "{} has left"}
"""Texts of `enter` and `exit`; `{}` is the user's name."""


def person(user: User) -> dict[str, Any]:
    """Return a `Person` without the status."""
    return {
        "userId": user.public_name,
        "id": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }


def profile(user: User) -> dict[str, Any]:
    """Return a `Person` with the status, if the user has one, and whether the account is active, if it is not."""
    status = {"status": user.status_text} if user.status_text else {}
    return person(user) | status | ({} if user.is_active else {"active": False})
