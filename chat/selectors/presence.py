"""Who is online, for other systems and wherever a thread asks.

People are named as the wire names them: an account by its name however it is spelt, guests by exactly the name they
bear; several guests may bear one. A name that nobody bears is answered like that of somebody who is offline, and so
is who lets nobody see whether they are online.
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
    """The presence's answer. A process that serves no connections knows nobody."""
    return run_on_loop(lambda: question(publish.hub().presence)) if publish.is_running() else nobody


def online_user_ids(persons: Collection[int], app: int | None = None) -> set[int]:
    """Which of these persons are online, on the app or on any."""
    nobody: set[int] = set()
    return query_presence(lambda presence: presence.online(sorted(persons), app), nobody)


def online_by_name(names: Sequence[str], app: int | None = None) -> dict[str, bool]:
    """Whether somebody of each name is online, on the app or on any. One question for all accounts."""
    known = users_by_names(names)
    accounts = {name: person.pk for name, person in known.items() if person.shares_presence}
    others = [name for name in names if name not in known]

    async def found(presence: Presence) -> set[str]:
        there = await presence.online(sorted(set(accounts.values())), app) if accounts else set()
        guests = await asyncio.gather(*(presence.named(name, app) for name in others))
        return {name for name, person in accounts.items() if person in there} | {
            name for name, bearers in zip(others, guests, strict=True) if bearers
        }

    nobody: set[str] = set()
    online = query_presence(found, nobody)
    return {name: name in online for name in names}


def apps_with_user_online(name: str) -> list[int]:
    """The numbers of the apps on which somebody of that name is online."""
    numbers = [app.number for app in apps_enabled()]
    return [number for number in numbers if online_by_name([name], number)[name]]


def online_counts() -> list[tuple[App, int]]:
    """The apps that can be logged in to, and how many persons are online on each."""
    apps = apps_enabled()

    async def counts(presence: Presence) -> list[int]:
        return await asyncio.gather(*(presence.count(app.number) for app in apps))

    return list(zip(apps, query_presence(counts, [0] * len(apps)), strict=True))


def online_users_page(app: App, *, after: int, limit: int) -> tuple[dict[int, str], bool]:
    """Who is online on the app, id to name, by id: those beyond `after`; and whether there are more."""
    page: dict[int, str] = {}
    more = True
    while more and len(page) <= limit:
        found = _online_after(app, after, limit + 1)
        more, after = len(found) > limit, max(found, default=after)
        page |= visible_users(found)
    return dict(list(page.items())[:limit]), len(page) > limit


def visible_users(found: dict[int, str]) -> dict[int, str]:
    """Those among them who let others see that they are online."""
    hidden = users_hiding_presence(found)
    return {person: name for person, name in found.items() if person not in hidden}


def _online_after(app: App, after: int, limit: int) -> dict[int, str]:
    nobody: dict[int, str] = {}
    return query_presence(lambda presence: presence.persons(app.number, after=after, limit=limit), nobody)
