"""A user's choice between being shown as away and being shown as their pages report it."""

from __future__ import annotations

from typing import Any

from accounts.actions.away import away_store
from accounts.models import User
from chat.wire.schema.events import PRESENCE_MODE
from delivery import publish
from delivery.log import Entry

AWAY, AUTO = "away", "auto"


def presence_set(*, user: User, is_away: bool) -> None:
    """Show the user as away until they end it. Those who see their presence hear of it, as far as they ask for it."""
    away_store(user_id=user.pk, is_away=is_away)
    user.is_away = is_away
    publish.push_activity(Entry(kind=PRESENCE_MODE.name, user_ids=(user.pk,), body=presence_mode(user)))
    if publish.is_running():
        hub = publish.hub()
        hub.call_soon(hub.presence.on_away, user.pk)


def presence_mode(user: User) -> dict[str, Any]:
    """Return a `PresenceMode`."""
    return {"presence": AWAY if user.is_away else AUTO}
