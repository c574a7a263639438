"""Users who are online but away: they have made no input for a while, or say so themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from delivery import publish

OFFLINE = {"online": False}


async def presence_of(users: Iterable[User]) -> dict[int, dict[str, Any]]:
    """Return `online` of these users on any app, and `away` of those who are away, by their ids."""
    by_id = {user.pk: user for user in users}
    online = await publish.hub().presence.filter_online(list(by_id))
    away = await away_among([by_id[user_id] for user_id in online])
    return {user_id: {"online": user_id in online} | away_field(user_id in away) for user_id in by_id}


async def away_among(users: Iterable[User]) -> set[int]:
    """Return the ids of those users, all online, who are away."""
    by_hand, others = set(), []
    for user in users:
        if user.is_away:
            by_hand.add(user.pk)
        else:
            others.append(user.pk)
    return by_hand | (await publish.hub().presence.filter_away(others) if others else set())


def away_field(is_away: bool) -> dict[str, bool]:
    """Return the field `away` of a user who is away; nothing for others, as clients have it that know of no away."""
    return {"away": True} if is_away else {}
