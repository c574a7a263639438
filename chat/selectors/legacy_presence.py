"""Reads of the legacy HTTP API: which users are online, by name and app number.

Users are named as on the wire: accounts by their user name in any spelling, guests by their exact name, which several
guests may share.
"""

from __future__ import annotations

from accounts.models import App
from accounts.names import USER_NAME_MAX_LENGTH, check_name
from accounts.selectors.contacts import users_hiding_presence
from accounts.selectors.users import app_by_number, user_by_name
from chat import reasons
from chat.errors import ChatError
from chat.selectors.presence import query_presence, visible_users
from delivery.presence.base import Presence


def require_app(number: int) -> App:
    """Return the enabled app of that number. Raise ChatError UNKNOWN_APP for unknown and disabled apps alike."""
    app = app_by_number(number)
    if app is None:
        raise ChatError(reasons.UNKNOWN_APP)
    return app


def names_online(*, app_number: int) -> list[str]:
    """Return the names of the users online on the app; two guests of one name are two entries.

    Users who hide their presence are left out, here and in `is_online`.
    """
    app = require_app(app_number)
    nobody: dict[int, str] = {}
    return list(visible_users(query_presence(lambda presence: presence.list_online(app.number), nobody)).values())


def is_online(*, name: str, app_number: int | None = None) -> bool:
    """Return whether a user of that name is online, on the app or (None) on any app.

    Raise ChatError for an unknown app, BadName for a name that no user can have.
    """
    require_name(name)
    app = require_app(app_number).number if app_number is not None else None
    online = online_ids_by_name(name, app)
    return bool(set(online) - users_hiding_presence(online))


def online_ids_by_name(name: str, app: int | None = None) -> list[int]:
    """Return the ids of the online users of that name, on the app or (None) on any app."""
    account = user_by_name(name)

    async def find(presence: Presence) -> list[int]:
        found = set(await presence.find_by_name(name, app))
        if account is not None:
            found |= await presence.filter_online([account.pk], app)
        return sorted(found)

    return query_presence(find, [])


def require_name(name: str) -> str:
    """Return the name. Raise BadName if no user can have it."""
    return check_name(name, limit=USER_NAME_MAX_LENGTH)
