"""presence.list, person.search, app.list"""

from __future__ import annotations

from typing import Any

import msgspec

from accounts.selectors.contacts import presence_visible_to
from accounts.selectors.users import user_search
from chat import payloads, selectors
from chat.commands.registry import Call, Nothing, command
from chat.wire.schema import replies
from delivery import publish
from delivery.db.executors import run

ONLINE_SHOWN = 500
FOUND_SHOWN = 20


@command("presence.list", returns=replies.OnlineUsers, guests=True)
async def presence_list(call: Call, data: Nothing) -> dict[str, Any]:
    """Who is online on one's app and lets one see it: how many, and the first 500 of them."""
    presence, app = publish.hub().presence, call.caller.app
    shown = await presence.persons(app, limit=ONLINE_SHOWN)

    def read() -> list[dict[str, Any]]:
        people = selectors.users_by_ids(shown)
        visible = presence_visible_to(call.user, people.values())
        return [payloads.profile(user) for user in people.values() if user.pk in visible]

    online = await run(read)
    # Of a few all are known; the two answers are of two moments.
    count = len(online) if len(shown) < ONLINE_SHOWN else max(len(online), await presence.count(app))
    return {"online": online, "count": count}


class Search(msgspec.Struct):
    q: str


@command("person.search", returns=replies.FoundPersons)
async def search(call: Call, data: Search) -> dict[str, Any]:
    """Accounts whose user name, nickname, or its pinyin or initials begin with `q`; not whom one blocks."""
    found = await run(user_search, data.q, FOUND_SHOWN, by=call.user)
    return {"persons": [payloads.profile(user) for user in found]}


@command("app.list", returns=replies.Apps, guests=True)
async def app_list(call: Call, data: Nothing) -> dict[str, Any]:
    """The apps (platforms) and their rooms."""
    rooms = await run(selectors.global_channels)
    return {
        "apps": [
            {"appId": room.app.number, "name": room.app.name, "target": str(room.pk)}
            for room in rooms
            if room.app is not None
        ]
    }
