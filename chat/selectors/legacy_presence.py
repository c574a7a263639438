"""Reads of the legacy HTTP API: which users are online, by name and app number; coroutines, as in `presence`.

Users are named as on the wire: accounts by their user name in any spelling, guests by their exact name, which several
guests may share.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from accounts.caches.directory import account_by_name, enabled_apps, hiding_presence
from accounts.models import App
from accounts.names import USER_NAME_MAX_LENGTH, check_name
from chat import reasons
from chat.errors import ChatError
from chat.selectors.presence import ask_presence, visible_users
from delivery.presence.base import Presence


async def require_app(number: int) -> App:
    """Return the enabled app of that number. Raise ChatError UNKNOWN_APP for unknown and disabled apps alike."""
    app = (await enabled_apps()).get(number)
    if app is None:
        raise ChatError(reasons.UNKNOWN_APP)
    return app


async def names_online(*, app_number: int) -> list[str]:
    """Return the names of the users online on the app; two guests of one name are two entries.

    Users who hide their presence are left out, here and in `is_online`.
    """
    app = await require_app(app_number)
    no_users: Mapping[int, str] = {}
    found = await ask_presence(lambda presence: presence.list_online(app.number), no_users)
    return list(visible_users(found, await hiding_presence(found.keys())).values())


async def is_online(*, name: str, app_number: int | None = None) -> bool:
    """Return whether a user of that name is online, on the app or (None) on any app.

    Raise ChatError for an unknown app, BadName for a name that no user can have.
    """
    require_name(name)
    app = (await require_app(app_number)).number if app_number is not None else None
    online = set(await online_ids_by_name(name, app))
    return bool(online) and bool(online - await hiding_presence(online))


async def online_ids_by_name(name: str, app: int | None = None) -> list[int]:
    """Return the ids of the online users of that name, on the app or (None) on any app."""
    account = await account_by_name(name)

    async def find(presence: Presence) -> list[int]:
        found = set(await presence.find_by_name(name, app))
        # An account may be online under another spelling.
        if account is not None and account.id not in found:
            found |= await presence.filter_online([account.id], app)
        return sorted(found)

    return await ask_presence(find, [])


@lru_cache(maxsize=10_000)
def require_name(name: str) -> str:
    """Return the name. Raise BadName if no user can have it."""
    return check_name(name, limit=USER_NAME_MAX_LENGTH)
