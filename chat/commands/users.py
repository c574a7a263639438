"""Commands `presence.list`, `person.search` and `app.list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from accounts.selectors.contacts import presence_visible_to
from accounts.selectors.users import user_search
from chat import payloads, selectors
from chat.commands.registry import Call, Nothing, command
from chat.selectors.away import away_among, away_field
from chat.wire.schema import replies
from delivery import publish
from delivery.db.executors import run

if TYPE_CHECKING:
    from accounts.models import User

MAX_ONLINE_USERS = 500
MAX_FOUND_USERS = 20


@command("presence.list", returns=replies.OnlineUsers, guests=True)
async def presence_list(call: Call, data: Nothing) -> dict[str, Any]:
    """List the users who are online on your app and share that: their number, and the first 500 of them."""
    presence, app = publish.hub().presence, call.caller.app
    shown = await presence.list_online(app, limit=MAX_ONLINE_USERS)

    def read() -> list[User]:
        people = selectors.users_by_ids(shown)
        visible = presence_visible_to(call.user, people.values())
        return [user for user in people.values() if user.pk in visible]

    users = await run(read)
    away = await away_among(users)
    online = [payloads.profile(user) | away_field(user.pk in away) for user in users]
    # Of a few all are known; the two answers are of two moments.
    count = len(online) if len(shown) < MAX_ONLINE_USERS else max(len(online), await presence.count_online(app))
    return {"online": online, "count": count}


class PersonSearch(msgspec.Struct):
    q: str


@command("person.search", returns=replies.FoundPersons)
async def search(call: Call, data: PersonSearch) -> dict[str, Any]:
    """Find users by the beginning of their user name, nickname, its pinyin or its initials, except users you block."""
    found = await run(user_search, data.q, MAX_FOUND_USERS, by=call.user)
    return {"persons": [payloads.profile(user) for user in found]}


@command("app.list", returns=replies.Apps, guests=True)
async def app_list(call: Call, data: Nothing) -> dict[str, Any]:
    """List the apps (platforms) and their global channels."""
    channels = await run(selectors.global_channels)
    return {
        "apps": [
            {"appId": channel.app.number, "name": channel.app.name, "target": str(channel.pk)}
            for channel in channels
            if channel.app is not None
        ]
    }
