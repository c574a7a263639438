"""Online users, for other systems and for code that runs in threads.

Users are named as on the wire: accounts by their user name in any spelling, guests by their exact name, which several
guests may share. Unknown names, and users who hide their presence, count as offline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, TypeVar

from accounts.models import App
from accounts.selectors.contacts import users_hiding_presence
from accounts.selectors.users import apps_enabled, users_by_names
from delivery import publish
from delivery.event_loop import run_on_loop
from delivery.presence.base import Presence

T = TypeVar("T")


def query_presence(question: Callable[[Presence], Coroutine[Any, Any, T]], nobody: T) -> T:
    """Return the result of a presence query made on the event loop, or `nobody` in a process without connections."""
    return run_on_loop(lambda: question(publish.hub().presence)) if publish.is_running() else nobody


def online_user_ids(user_ids: Collection[int], app: int | None = None) -> set[int]:
    """Return those of these users who are online, on the app `app` or (None) on any app."""
    nobody: set[int] = set()
    return query_presence(lambda presence: presence.filter_online(sorted(user_ids), app), nobody)


def online_by_name(names: Sequence[str], app: int | None = None) -> dict[str, bool]:
    """Return for each name whether a user of that name is online, on the app `app` or (None) on any app.

    Makes one query for all accounts.
    """
    known = users_by_names(names)
    accounts = {name: user.pk for name, user in known.items() if user.shares_presence}
    others = [name for name in names if name not in known]

    async def found(presence: Presence) -> set[str]:
        online_ids = await presence.filter_online(sorted(set(accounts.values())), app) if accounts else set()
        guests = await asyncio.gather(*(presence.find_by_name(name, app) for name in others))
        return {name for name, user_id in accounts.items() if user_id in online_ids} | {
            name for name, guest_ids in zip(others, guests, strict=True) if guest_ids
        }

    nobody: set[str] = set()
    online = query_presence(found, nobody)
    return {name: name in online for name in names}


def apps_with_user_online(name: str) -> list[int]:
    """Return the numbers of the apps on which a user of that name is online."""
    numbers = [app.number for app in apps_enabled()]
    return [number for number in numbers if online_by_name([name], number)[name]]


def online_counts() -> list[tuple[App, int]]:
    """Return the enabled apps with the number of users online on each."""
    apps = apps_enabled()

    async def counts(presence: Presence) -> list[int]:
        return await asyncio.gather(*(presence.count_online(app.number) for app in apps))

    return list(zip(apps, query_presence(counts, [0] * len(apps)), strict=True))


def online_users_page(app: App, *, after: int, limit: int) -> tuple[dict[int, str], bool]:
    """Return the users online on the app with ids above `after`, and whether there are more.

    The users are names by id, ordered by id.
    """
    page: dict[int, str] = {}
    more = True
    while more and len(page) <= limit:
        found = _online_after(app, after, limit + 1)
        more, after = len(found) > limit, max(found, default=after)
        page |= visible_users(found)
    return dict(list(page.items())[:limit]), len(page) > limit


def visible_users(found: dict[int, str]) -> dict[int, str]:
    """Return those users who share their presence."""
    hidden = users_hiding_presence(found)
    return {user_id: name for user_id, name in found.items() if user_id not in hidden}


def _online_after(app: App, after: int, limit: int) -> dict[int, str]:
    nobody: dict[int, str] = {}
    return query_presence(lambda presence: presence.list_online(app.number, after=after, limit=limit), nobody)
