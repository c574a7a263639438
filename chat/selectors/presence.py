"""Online users, for other systems and for code that runs in threads.

The coroutines run on the event loop, where they look names up in memory, or in a thread by `run_blocking`.

Users are named as on the wire: accounts by their user name in any spelling, guests by their exact name, which several
guests may share. Unknown names, and users who hide their presence, count as offline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence, Set
from typing import Any, TypeVar

from accounts.caches.directory import account_by_name, accounts_by_names, enabled_apps
from accounts.models import App
from accounts.selectors.away import users_set_away
from accounts.selectors.contacts import users_hiding_presence
from accounts.selectors.users import apps_enabled
from delivery import publish
from delivery.db.executors import run
from delivery.event_loop import ask_loop, is_on_loop, run_on_loop
from delivery.presence.base import Presence

T = TypeVar("T")


def query_presence(question: Callable[[Presence], Coroutine[Any, Any, T]], no_users: T) -> T:
    """Return the result of a presence query made on the event loop, or `no_users` in a process without connections."""
    return run_on_loop(lambda: question(publish.hub().presence)) if publish.is_running() else no_users


def online_user_ids(user_ids: Collection[int], app: int | None = None) -> set[int]:
    """Return those of these users who are online, on the app `app` or (None) on any app."""
    no_users: set[int] = set()
    return query_presence(lambda presence: presence.filter_online(sorted(user_ids), app), no_users)


async def ask_presence(question: Callable[[Presence], Coroutine[Any, Any, T]], no_users: T) -> T:
    """Do what `query_presence` does, also on the event loop."""
    return await ask_loop(lambda: question(publish.hub().presence)) if publish.is_running() else no_users


async def online_by_name(names: Sequence[str], app: int | None = None) -> dict[str, bool]:
    """Return for each name whether a user of that name is online, on the app `app` or (None) on any app.

    Makes one query for all accounts, and one for all other names.
    """
    known = await accounts_by_names(names)
    accounts = {name: account.id for name, account in known.items() if account.shares_presence}
    others = [name for name in dict.fromkeys(names) if name not in known]

    async def found(presence: Presence) -> set[str]:
        online_ids = await presence.filter_online(sorted(set(accounts.values())), app) if accounts else set()
        guests = await presence.find_by_names(others, app) if others else {}
        return {*guests, *(name for name, user_id in accounts.items() if user_id in online_ids)}

    no_users: set[str] = set()
    online = await ask_presence(found, no_users)
    return {name: name in online for name in names}


async def apps_with_user_online(name: str) -> list[int]:
    """Return the numbers of the apps on which a user of that name is online."""
    account = await account_by_name(name)
    if account is not None and not account.shares_presence:
        return []

    async def found(presence: Presence) -> set[int]:
        user_ids = [account.id] if account is not None else await presence.find_by_name(name)
        return await presence.find_apps(user_ids) if user_ids else set()

    no_users: set[int] = set()
    online = await ask_presence(found, no_users)
    return [number for number in await enabled_apps() if number in online] if online else []


async def is_user_away(name: str) -> bool:
    """Return whether all online users of that name, at least one, are away."""
    account = await account_by_name(name)
    if account is not None and not account.shares_presence:
        return False

    async def found(presence: Presence) -> tuple[set[int], set[int]]:
        user_ids = [account.id] if account is not None else await presence.find_by_name(name)
        online = await presence.filter_online(user_ids) if user_ids else set()
        return online, await presence.filter_away(sorted(online)) if online else set()

    no_users: tuple[set[int], set[int]] = (set(), set())
    online, away = await ask_presence(found, no_users)
    present = online - away
    if present:
        present -= await run(users_set_away, present) if is_on_loop() else users_set_away(present)
    return bool(online) and not present


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
        page |= visible_users(found, users_hiding_presence(found))
    return dict(list(page.items())[:limit]), len(page) > limit


def visible_users(found: Mapping[int, str], hidden: Set[int]) -> Mapping[int, str]:
    """Return those users who do not hide their presence."""
    return {user_id: name for user_id, name in found.items() if user_id not in hidden} if hidden else found


def _online_after(app: App, after: int, limit: int) -> Mapping[int, str]:
    no_users: Mapping[int, str] = {}
    return query_presence(lambda presence: presence.list_online(app.number, after=after, limit=limit), no_users)
